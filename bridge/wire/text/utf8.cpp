#include "bridge/wire/text/utf8.hpp"

#include <algorithm>

namespace bridge {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_between(char byte, unsigned low, unsigned high) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= low && value <= high;
}

// Size of the valid sequence at the beginning of `text`, which is not empty; 0: there is none. The
// ranges are those of the table in RFC 3629 section 4.
std::size_t sequence_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const auto tail = [&](std::size_t size, unsigned low, unsigned high) -> std::size_t {
    if (text.size() < size || !is_between(text[1], low, high)) return 0;
    const std::string_view rest = text.substr(2, size - 2);
    return std::all_of(rest.begin(), rest.end(), [](char c) { return is_between(c, 0x80, 0xBF); })
               ? size
               : 0;
  };
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return tail(2, 0x80, 0xBF);
  if (lead == 0xE0) return tail(3, 0xA0, 0xBF);
  if (lead == 0xED) return tail(3, 0x80, 0x9F);
  if (lead < 0xF0) return tail(3, 0x80, 0xBF);
  if (lead == 0xF0) return tail(4, 0x90, 0xBF);
  if (lead < 0xF4) return tail(4, 0x80, 0xBF);
  if (lead == 0xF4) return tail(4, 0x80, 0x8F);
  return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    valid.append(size == 0 ? replacement : text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return valid;
}

}  // namespace bridge
