#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JSON as the tests read it: with nlohmann-json, whose SAX interface gives a number's own text, so
// that no digit is lost on the way. Independent of what it is compared with.
namespace bridge::test {

struct ExactJson {
  enum class Kind : std::uint8_t { null, boolean, number, text, list, object };

  Kind kind = Kind::null;
  std::string text;                                        // of scalars; numbers as written
  std::vector<std::pair<std::string, ExactJson>> members;  // in the order of the text
  std::vector<ExactJson> elements;

  // Null where there is no such member.
  const ExactJson* find(std::string_view key) const;
  // Fails the program where there is no such member.
  const ExactJson& at(std::string_view key) const;

  static ExactJson of_text(std::string_view text);
  static ExactJson of_number(std::string_view text);
};

std::optional<ExactJson> parse_exactly(std::string_view json);
std::string write_exactly(const ExactJson& value);

// "1.50" and "1.5" and "0.15E1" become "1.5"; "-0.00" becomes "0". Works on the digits alone.
std::string normalized_number(std::string_view text);

// Calls `visit(changed, path)` for each version of `original` in which one scalar, list or object
// anywhere within is replaced by what `replace` makes of it. `path` is like "a.P.0.pa".
void for_each_replacement(const ExactJson& original,
                          const std::function<ExactJson(const ExactJson&)>& replace,
                          const std::function<void(const ExactJson&, const std::string&)>& visit);

// The same, with one member of an object left out.
void for_each_omission(const ExactJson& original,
                       const std::function<void(const ExactJson&, const std::string&)>& visit);

// The same value with the members of every object in reverse order.
ExactJson with_reversed_members(ExactJson value);

}  // namespace bridge::test
