#include "bridge/wire/exchange/parse_error.hpp"

#include "bridge/core/values/assert.hpp"

namespace bridge {

std::string_view to_string(ParseError::Kind kind) {
  switch (kind) {
    case ParseError::Kind::malformed: return "malformed";
    case ParseError::Kind::unexpected_shape: return "unexpected shape";
    case ParseError::Kind::missing_field: return "missing field";
    case ParseError::Kind::unreadable_field: return "unreadable field";
    case ParseError::Kind::out_of_range: return "out of range";
  }
  BRIDGE_UNREACHABLE("not a ParseError::Kind");
}

std::string to_string(const ParseError& error) {
  std::string text{to_string(error.kind)};
  if (!error.field.empty()) text.append(" ").append(error.field);
  if (!error.detail.empty()) text.append(": ").append(error.detail);
  return text;
}

}  // namespace bridge
