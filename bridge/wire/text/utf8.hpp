#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
namespace bridge {

bool is_valid_utf8(std::string_view text);

// How often replacement may lengthen a text: one wrong byte becomes the three bytes of U+FFFD.
constexpr std::size_t utf8_growth_max = 3;

// Each byte that begins no valid sequence is replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace bridge
