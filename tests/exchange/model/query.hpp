#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exchange {

/// Percent-decoding; `+` stays a plus, and broken escapes stay as they are.
std::string percent_decode(std::string_view text);

struct Parameter {
  std::string name;
  std::string value;
};

/// `a=1&b=2` decoded, in order, duplicates kept.
std::vector<Parameter> parse_query(std::string_view query);

/// The first parameter of that name.
std::optional<std::string> find_parameter(const std::vector<Parameter>& parameters,
                                          std::string_view name);

/// The path and what follows the question mark.
struct Target {
  std::string_view path;
  std::string_view query;
};
Target split_target(std::string_view target);

/// The parts of `text` between separators; an empty text has none, empty parts are left out.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace exchange
