#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/core/values/decimal.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/wire/exchange/parse_error.hpp"

namespace bridge {

// A member of a JSON object as it stands in the text: the exchange writes the same field as a
// number here and as a string there, so the text is what is read, and its kind is only a hint.
// Numbers are never converted on the way.
struct JsonScalar {
  enum class Kind : std::uint8_t { absent, null, text, number, boolean, structure };

  Kind kind = Kind::absent;
  std::string_view text;  // without quotes; empty for `structure`

  // What the exchange sends where it has nothing to say: no member, null, or "".
  bool is_empty() const {
    return kind == Kind::absent || kind == Kind::null || (kind == Kind::text && text.empty());
  }
};

// Turns members into values and remembers the first complaint, so that an object is read in
// straight lines and judged once, at the end. After a complaint the values mean nothing. `field` is
// what the complaint will say and must be a constant.
class FieldReader {
 public:
  Decimal decimal(const JsonScalar& scalar, std::string_view field);
  std::optional<Decimal> optional_decimal(const JsonScalar& scalar, std::string_view field);

  // Milliseconds since 1970.
  WallTime time(const JsonScalar& scalar, std::string_view field);
  // Absent when the exchange says 0.
  std::optional<WallTime> optional_time(const JsonScalar& scalar, std::string_view field);

  // Never empty, at most `size_max` bytes.
  std::string_view text(const JsonScalar& scalar, std::string_view field, std::size_t size_max);
  // Absent when empty.
  std::optional<std::string_view> optional_text(const JsonScalar& scalar, std::string_view field);

  // A whole number, written as one or as a string.
  std::uint32_t count(const JsonScalar& scalar, std::string_view field);
  std::optional<std::uint32_t> optional_count(const JsonScalar& scalar, std::string_view field);

  bool truth(const JsonScalar& scalar, std::string_view field);

  void complain(ParseError::Kind kind, std::string_view field, std::string_view detail);
  const std::optional<ParseError>& error() const { return error_; }

 private:
  bool is_there(const JsonScalar& scalar, std::string_view field);
  Decimal present_decimal(const JsonScalar& scalar, std::string_view field);
  WallTime present_time(const JsonScalar& scalar, std::string_view field);
  std::uint32_t present_count(const JsonScalar& scalar, std::string_view field);

  std::optional<ParseError> error_;
};

}  // namespace bridge
