#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bridge {

// A key of CURVE as people write it: 32 bytes as Z85 (ZeroMQ RFC 32), four bytes in five letters.
constexpr std::size_t curve_key_size = 40;

constexpr bool is_curve_key(std::string_view text) {
  constexpr std::string_view letters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  constexpr std::size_t group_size = 5;
  if (text.size() != curve_key_size) return false;
  std::uint64_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = letters.find(text[i]);
    if (digit == letters.npos) return false;
    group = (i % group_size == 0 ? 0 : group * letters.size()) + digit;
    if (group > UINT32_MAX) return false;
  }
  return true;
}

}  // namespace bridge
