#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/exchange/model/random.hpp"

namespace exchange {

/// How a frame is spoilt.
enum class Malformation {
  broken_json,    // it ends too early
  missing_field,  // it lacks a field that its meaning hangs on
  unknown_event   // it stays whole, and one of a type that nobody knows comes before it
};

std::string_view malformation_text(Malformation form);
std::optional<Malformation> parse_malformation(std::string_view text);

/// The frame that comes instead of `frame`, or before it if the event is unknown. Frames may be
/// bare, in an envelope, or arrays; what has no field to lose comes back as it was.
std::string malformed(std::string_view frame, Malformation form, Random& random);

}  // namespace exchange
