#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/exchange/model/amount.hpp"

namespace exchange {

/// Appends JSON to a string in the order in which it is told, with commas where they belong.
/// Key order is part of what the exchange is known by, so nothing sorts or collects here.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {
    // As long as most messages are, so that memory is asked for once.
    if (out.capacity() < usual_size) out.reserve(usual_size);
  }

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  /// `name` holds nothing that would have to be escaped.
  JsonWriter& key(std::string_view name) {
    // Put together before it is appended: this is most of what the exchange does.
    std::array<char, 64> text;
    if (name.size() > text.size() - 4) std::abort();
    char* end = text.data();
    if (wants_comma()) *end++ = ',';
    *end++ = '"';
    for (const char character : name) *end++ = character;
    *end++ = '"';
    *end++ = ':';
    out_.append(text.data(), end);
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
    std::array<char, 24> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return key(name).raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
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
  static constexpr std::size_t usual_size = 600;

  JsonWriter& open(char bracket) {
    separate();
    out_.push_back(bracket);
    return *this;
  }

  JsonWriter& close(char bracket) {
    out_.push_back(bracket);
    return *this;
  }

  bool wants_comma() const {
    if (out_.size() == start_) return false;
    const char last = out_.back();
    return last != '{' && last != '[' && last != ':' && last != ',';
  }

  void separate() {
    if (wants_comma()) out_.push_back(',');
  }

  static bool needs_escape(char character) {
    return character == '"' || character == '\\' || static_cast<unsigned char>(character) < 0x20;
  }

  void append_quoted(std::string_view value) {
    out_.push_back('"');
    // A lambda is looked into by the compiler, the address of a function is not.
    const auto escaped = [](char character) { return needs_escape(character); };
    if (std::none_of(value.begin(), value.end(), escaped)) {
      out_.append(value);
    } else {
      append_escaped(value);
    }
    out_.push_back('"');
  }

  void append_escaped(std::string_view value) {
    static constexpr std::string_view hex_digits = "0123456789abcdef";
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
  }

  std::string& out_;
  std::size_t start_;
};

}  // namespace exchange
