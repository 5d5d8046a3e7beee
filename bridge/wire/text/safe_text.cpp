#include "bridge/wire/text/safe_text.hpp"

#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

bool is_control(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7F;
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::string_view cut_between_characters(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return text;
  std::size_t size = size_max;
  while (size > 0 && continues_character(text[size])) --size;
  return text.substr(0, size);
}

}  // namespace

std::string safe_text(std::string_view text, std::size_t size_max) {
  std::string safe = valid_utf8(cut_between_characters(text, size_max));
  safe.resize(cut_between_characters(safe, size_max).size());  // replacing may have lengthened it
  for (char& byte : safe) {
    if (is_control(byte)) byte = ' ';
  }
  return safe;
}

}  // namespace bridge
