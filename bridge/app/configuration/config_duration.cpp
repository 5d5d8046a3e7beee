#include "bridge/app/configuration/config_duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

struct Unit {
  std::string_view text;
  Duration duration;
};

// Largest first.
constexpr std::array units{
    Unit{"h", std::chrono::hours{1}},
    Unit{"m", std::chrono::minutes{1}},
    Unit{"s", std::chrono::seconds{1}},
    Unit{"ms", std::chrono::milliseconds{1}},
};

// 999,999,999 hours fit into 64 bits of microseconds.
constexpr std::size_t digits_max = 9;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > digits_max) return std::nullopt;
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) {
    return candidate.text == text.substr(digits);
  });
  if (unit == units.end()) return std::nullopt;
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + digits, count);
  return count * unit->duration;
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  for (const Unit& unit : units) {
    if (duration % unit.duration == Duration::zero())
      return fmt::format("{}{}", duration / unit.duration, unit.text);
  }
  BRIDGE_UNREACHABLE("a fraction of a millisecond");
}

}  // namespace bridge
