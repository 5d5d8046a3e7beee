#pragma once

#include <simdjson.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "bridge/core/values/padded_text.hpp"
#include "bridge/wire/exchange/field_reader.hpp"
#include "bridge/wire/exchange/parse_error.hpp"

// How the parsers of wire/ walk over a text with simdjson; for their .cpp files only, so that
// nobody else compiles simdjson.
//
// Objects are walked field by field in the order of the text, because Binance keeps to no order;
// what is of no interest is skipped by its structure only.
namespace bridge::json {

namespace ondemand = simdjson::ondemand;

static_assert(text_padding >= simdjson::SIMDJSON_PADDING);

using Complaint = std::optional<ParseError>;

inline ParseError malformed() {
  return {.kind = ParseError::Kind::malformed, .field = {}, .detail = "not a JSON text"};
}

inline ParseError unexpected_shape(std::string_view field, std::string_view detail) {
  return {.kind = ParseError::Kind::unexpected_shape, .field = field, .detail = detail};
}

// The first byte behind the text that is being walked. In a broken text simdjson may point behind
// the end, where its lengths mean nothing.
class TextEnd {
 public:
  explicit TextEnd(PaddedText text) : end_{text.data() + text.size()} {}

  bool covers(std::string_view token) const {
    return token.data() < end_ && token.size() <= static_cast<std::size_t>(end_ - token.data());
  }
  std::size_t size_from(const char* start) const {
    return start < end_ ? static_cast<std::size_t>(end_ - start) : 0;
  }

 private:
  const char* end_;
};

inline std::string_view without_trailing_space(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

// Views of the frame itself, but for strings with escapes, which are views of the parser's memory:
// both are valid until the next text is parsed.
inline JsonScalar scalar_of(ondemand::value value, TextEnd end) {
  std::string_view token = value.raw_json_token();
  if (token.empty() || !end.covers(token)) return {JsonScalar::Kind::structure, {}};
  token = without_trailing_space(token);
  switch (token.front()) {
    case '"':
      if (token.size() < 2 || token.back() != '"') return {JsonScalar::Kind::structure, {}};
      if (std::memchr(token.data(), '\\', token.size()) != nullptr) {
        std::string_view unescaped;
        if (value.get_string().get(unescaped)) return {JsonScalar::Kind::structure, {}};
        return {JsonScalar::Kind::text, unescaped};
      }
      return {JsonScalar::Kind::text, token.substr(1, token.size() - 2)};
    case '{':
    case '[': return {JsonScalar::Kind::structure, {}};
    case 'n':
      if (token == "null") return {JsonScalar::Kind::null, token};
      return {JsonScalar::Kind::structure, {}};
    case 't':
    case 'f': return {JsonScalar::Kind::boolean, token};
    default: return {JsonScalar::Kind::number, token};
  }
}

// A key with escapes is cut at the first quote and then matches nothing: the exchange has none.
inline std::string_view key_of(const ondemand::field& field, TextEnd end) {
  const char* start = field.key().raw();
  const std::size_t size_max = end.size_from(start);
  std::size_t size = 0;  // keys are short: a loop beats a call
  while (size < size_max && start[size] != '"') ++size;
  return {start, size};
}

// Calls `on_field(key, value)` for each field until one complains.
template <class OnField>
Complaint for_each_field(ondemand::object& object, TextEnd end, OnField&& on_field) {
  for (auto field : object) {
    if (field.error()) return malformed();
    Complaint complaint = on_field(key_of(field.value_unsafe(), end), field.value_unsafe().value());
    if (complaint) return complaint;
  }
  return std::nullopt;
}

// Calls `on_element(value)` for each element until one complains.
template <class OnElement>
Complaint for_each_element(ondemand::array& array, OnElement&& on_element) {
  for (auto element : array) {
    if (element.error()) return malformed();
    Complaint complaint = on_element(element.value_unsafe());
    if (complaint) return complaint;
  }
  return std::nullopt;
}

// Whether the walk has come to the end of the text and nothing follows.
inline bool is_finished(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace bridge::json
