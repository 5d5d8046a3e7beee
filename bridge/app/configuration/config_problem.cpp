#include "bridge/app/configuration/config_problem.hpp"

#include <fmt/format.h>

namespace bridge {
namespace {

constexpr std::size_t quoted_size_max = 80;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// The end of the last whole UTF-8 character within the limit.
std::size_t cut_position(std::string_view text) {
  std::size_t end = quoted_size_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return end;
}

}  // namespace

std::string to_string(const ConfigProblem& problem) {
  const ConfigPlace& place = problem.place;
  std::string text = place.file;
  if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
  if (!place.key.empty()) text += ": " + place.key;
  text += ": " + problem.what;
  if (!problem.remedy.empty()) text += "; " + problem.remedy;
  return text;
}

std::string to_string(const ConfigProblems& problems) {
  std::string text;
  for (const ConfigProblem& problem : problems) text += to_string(problem) + "\n";
  return text;
}

std::string in_quotes(std::string_view text) {
  const bool is_cut = text.size() > quoted_size_max;
  if (is_cut) text = text.substr(0, cut_position(text));
  std::string out = "\"";
  for (const char c : text) {
    if (is_control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + (is_cut ? "…\"" : "\"");
}

}  // namespace bridge
