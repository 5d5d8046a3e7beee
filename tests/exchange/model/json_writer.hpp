#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "tests/exchange/model/amount.hpp"

namespace exchange {

/// Appends JSON to a string in the order in which it is told, with commas where they belong.
/// Key order is part of what the exchange is known by, so nothing sorts or collects here.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    append_quoted(name);
    out_.push_back(':');
    return *this;
  }

  JsonWriter& text(std::string_view value) {
    separate();
    append_quoted(value);
    return *this;
  }

  /// `json` is already JSON: a number, a literal, a finished object.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
  }

  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }

  template <std::integral Number>
  requires(!std::same_as<Number, bool>) JsonWriter& field(std::string_view name, Number value) {
    return key(name).raw(std::to_string(value));
  }

  /// As a string without trailing zeros: "0.002".
  JsonWriter& field(std::string_view name, Amount value) {
    key(name);
    out_.push_back('"');
    value.append_text(out_);
    out_.push_back('"');
    return *this;
  }

  /// As a string with `places` decimals: "75.60000000".
  JsonWriter& fixed(std::string_view name, Amount value, int places) {
    key(name);
    out_.push_back('"');
    value.append_fixed(out_, places);
    out_.push_back('"');
    return *this;
  }

  /// As a string with eight decimals, or "0": how the exchange writes many of its sums.
  JsonWriter& sum(std::string_view name, Amount value) {
    return value.is_zero() ? field(name, "0") : fixed(name, value, Amount::decimals);
  }

  JsonWriter& flag(std::string_view name, bool value) {
    return key(name).raw(value ? "true" : "false");
  }

 private:
  JsonWriter& open(char bracket) {
    separate();
    out_.push_back(bracket);
    return *this;
  }

  JsonWriter& close(char bracket) {
    out_.push_back(bracket);
    return *this;
  }

  void separate() {
    if (out_.size() == start_) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != ',') out_.push_back(',');
  }

  void append_quoted(std::string_view value) {
    static constexpr std::string_view hex_digits = "0123456789abcdef";
    out_.push_back('"');
    for (const char character : value) {
      const auto byte = static_cast<unsigned char>(character);
      if (character == '"' || character == '\\') {
        out_.push_back('\\');
        out_.push_back(character);
      } else if (byte < 0x20) {
        out_.append("\\u00");
        out_.push_back(hex_digits[byte >> 4U]);
        out_.push_back(hex_digits[byte & 0xfU]);
      } else {
        out_.push_back(character);
      }
    }
    out_.push_back('"');
  }

  std::string& out_;
  std::size_t start_;
};

}  // namespace exchange
