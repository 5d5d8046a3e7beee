#include "tests/simulation/trace.hpp"

#include <array>
#include <cstring>

namespace simulation {

void Trace::mix(std::string_view text) {
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    mix(word);
  }
  std::uint64_t rest = text.size();
  for (const char character : text) rest = rest << 8U ^ static_cast<unsigned char>(character);
  mix(rest);
}

void Trace::line(Instant at, const std::string& text) {
  const std::string whole = to_text(at) + "  " + text;
  if (lines_ == TraceLines::print) {
    std::puts(whole.c_str());
    return;
  }
  last_.push_back(whole);
  if (last_.size() > last_lines_max) last_.pop_front();
}

std::string to_text(Instant at) {
  const std::int64_t us = at.count();
  const std::int64_t seconds = us / 1'000'000;
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%02lld:%02lld:%02lld.%06lld",
      static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60),
      static_cast<long long>(seconds % 60), static_cast<long long>(us % 1'000'000));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace simulation
