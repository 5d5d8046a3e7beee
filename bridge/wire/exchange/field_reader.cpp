#include "bridge/wire/exchange/field_reader.hpp"

#include <charconv>

namespace bridge {
namespace {

using Kind = JsonScalar::Kind;

template <class Integer>
std::optional<Integer> whole_number(const JsonScalar& scalar) {
  if (scalar.kind != Kind::text && scalar.kind != Kind::number) return std::nullopt;
  Integer number = 0;
  const char* end = scalar.text.data() + scalar.text.size();
  const auto [stop, error] = std::from_chars(scalar.text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// Beyond the year 2200 a number is no time of the exchange; and microseconds would overflow later.
constexpr std::int64_t time_ms_max = 7'258'118'400'000;

}  // namespace

void FieldReader::complain(ParseError::Kind kind, std::string_view field, std::string_view detail) {
  if (!error_) error_ = ParseError{kind, field, detail};
}

bool FieldReader::is_there(const JsonScalar& scalar, std::string_view field) {
  if (!scalar.is_empty()) return true;
  complain(ParseError::Kind::missing_field, field, {});
  return false;
}

Decimal FieldReader::present_decimal(const JsonScalar& scalar, std::string_view field) {
  if (scalar.kind == Kind::text || scalar.kind == Kind::number) {
    if (const auto decimal = Decimal::parse(scalar.text)) return *decimal;
  }
  complain(ParseError::Kind::unreadable_field, field, "not a decimal number");
  return {};
}

Decimal FieldReader::decimal(const JsonScalar& scalar, std::string_view field) {
  return is_there(scalar, field) ? present_decimal(scalar, field) : Decimal{};
}

std::optional<Decimal> FieldReader::optional_decimal(const JsonScalar& scalar,
                                                     std::string_view field) {
  if (scalar.is_empty()) return std::nullopt;
  return present_decimal(scalar, field);
}

WallTime FieldReader::present_time(const JsonScalar& scalar, std::string_view field) {
  const auto ms = whole_number<std::int64_t>(scalar);
  if (ms && *ms >= 0 && *ms <= time_ms_max) return wall_time_from_ms(*ms);
  complain(ParseError::Kind::unreadable_field, field, "not milliseconds since 1970");
  return {};
}

WallTime FieldReader::time(const JsonScalar& scalar, std::string_view field) {
  return is_there(scalar, field) ? present_time(scalar, field) : WallTime{};
}

std::optional<WallTime> FieldReader::optional_time(const JsonScalar& scalar,
                                                   std::string_view field) {
  if (scalar.is_empty()) return std::nullopt;
  const WallTime time = present_time(scalar, field);
  if (time == WallTime{}) return std::nullopt;
  return time;
}

std::string_view FieldReader::text(const JsonScalar& scalar, std::string_view field,
                                   std::size_t size_max) {
  if (!is_there(scalar, field)) return {};
  if (scalar.kind != Kind::text) {
    complain(ParseError::Kind::unreadable_field, field, "not a string");
    return {};
  }
  if (scalar.text.size() > size_max) {
    complain(ParseError::Kind::out_of_range, field, "too long");
    return {};
  }
  return scalar.text;
}

std::optional<std::string_view> FieldReader::optional_text(const JsonScalar& scalar,
                                                           std::string_view field) {
  if (scalar.is_empty()) return std::nullopt;
  if (scalar.kind == Kind::text) return scalar.text;
  complain(ParseError::Kind::unreadable_field, field, "not a string");
  return std::nullopt;
}

std::uint32_t FieldReader::present_count(const JsonScalar& scalar, std::string_view field) {
  if (const auto number = whole_number<std::uint32_t>(scalar)) return *number;
  complain(ParseError::Kind::unreadable_field, field, "not a whole number");
  return 0;
}

std::uint32_t FieldReader::count(const JsonScalar& scalar, std::string_view field) {
  return is_there(scalar, field) ? present_count(scalar, field) : 0;
}

std::optional<std::uint32_t> FieldReader::optional_count(const JsonScalar& scalar,
                                                         std::string_view field) {
  if (scalar.is_empty()) return std::nullopt;
  return present_count(scalar, field);
}

bool FieldReader::truth(const JsonScalar& scalar, std::string_view field) {
  if (!is_there(scalar, field)) return false;
  if (scalar.kind == Kind::boolean || scalar.kind == Kind::text) {
    if (scalar.text == "true") return true;
    if (scalar.text == "false") return false;
  }
  complain(ParseError::Kind::unreadable_field, field, "neither true nor false");
  return false;
}

}  // namespace bridge
