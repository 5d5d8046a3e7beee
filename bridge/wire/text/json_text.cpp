#include "bridge/wire/text/json_text.hpp"

#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

void append_escaped(std::string& json, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    json += '\\';
    json += c;
  } else if (byte < 0x20 || byte == 0x7F) {  // 0x7F need not be, but terminals obey it
    json += "\\u00";
    json += digits[byte >> 4];
    json += digits[byte & 0xF];
  } else {
    json += c;
  }
}

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : valid_utf8(text)) append_escaped(json, c);
  json += '"';
}

}  // namespace bridge
