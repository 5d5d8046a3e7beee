#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bridge {

// Why a text of the exchange could not be read. Both texts are constants of ours and never a part
// of what was read, which may hold listen keys: a ParseError is always fit for a log.
struct ParseError {
  enum class Kind : std::uint8_t {
    malformed,         // no JSON, or broken off
    unexpected_shape,  // JSON, but a list or object is not where one belongs
    missing_field,
    unreadable_field,  // there, but of a type or form that we cannot read without guessing
    out_of_range,      // read, and impossible: a mark price of zero
  };

  Kind kind = Kind::malformed;
  std::string_view field;   // as the exchange calls it; empty: the text as a whole
  std::string_view detail;  // what would have been right; may be empty

  friend bool operator==(const ParseError&, const ParseError&) = default;
};

std::string_view to_string(ParseError::Kind kind);

// One line without a final stop: "unreadable field pa: not a decimal number".
std::string to_string(const ParseError& error);

}  // namespace bridge
