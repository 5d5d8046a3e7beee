#include "bridge/app/configuration/config_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bridge/app/configuration/config_duration.hpp"
#include "bridge/app/configuration/config_suggestion.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

// A value where a list is expected is mostly its only element without the brackets.
std::string list_remedy(std::string_view example) {
  return fmt::format("write a list in brackets, such as {}", example);
}

std::string quoted_list(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += in_quotes(words[i]);
  }
  return text;
}

}  // namespace

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return node.is_array_of_tables() ? "a list of tables" : "a list";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
  }
  BRIDGE_UNREACHABLE("a TOML node without a type");
}

ConfigPlace place_of(const ConfigReading& reading, const toml::source_region& region,
                     std::string key) {
  return {reading.file, region.begin.line, region.begin.column, std::move(key)};
}

TableReader::TableReader(ConfigReading& reading, const toml::table& table,
                         const schema::Table& schema, std::string path)
    : reading_{reading}, table_{table}, schema_{schema}, path_{std::move(path)} {
  note_unknown_keys();
}

void TableReader::note_unknown_keys() {
  for (const auto& [key, value] : table_) {
    if (std::find(schema_.keys.begin(), schema_.keys.end(), key.str()) != schema_.keys.end())
      continue;
    const std::string shown = in_quotes(key.str());
    const std::string name = shown.substr(1, shown.size() - 2);
    reading_.problems.push_back(
        {place_of(reading_, key.source(), path_.empty() ? name : path_ + "." + name),
         value.is_table() || value.is_array_of_tables() ? "unknown table" : "unknown key",
         suggestion(key.str(), schema_.keys)});
  }
}

const toml::node* TableReader::node(std::string_view key) const {
  BRIDGE_ASSERT(std::find(schema_.keys.begin(), schema_.keys.end(), key) != schema_.keys.end());
  return table_.get(key);
}

ConfigPlace TableReader::place(std::string_view key) const {
  const toml::node* const value = node(key);
  return place_of(reading_, value != nullptr ? value->source() : table_.source(),
                  path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key));
}

void TableReader::problem(std::string_view key, std::string what, std::string remedy) {
  reading_.problems.push_back({place(key), std::move(what), std::move(remedy)});
}

void TableReader::wrong_type(std::string_view key, std::string_view expected, std::string remedy) {
  problem(key, fmt::format("must be {}, but is {}", expected, type_name(*node(key))),
          std::move(remedy));
}

void TableReader::require(std::string_view key, std::string_view remedy) {
  if (!has(key)) problem(key, "is missing", std::string{remedy});
}

bool TableReader::read(std::string_view key, std::string& into) {
  const toml::node* const value = node(key);
  if (value == nullptr) return false;
  if (!value->is_string()) {
    wrong_type(key, "text", "put it between double quotes");
    return false;
  }
  into = value->as_string()->get();
  return true;
}

bool TableReader::read(std::string_view key, bool& into) {
  const toml::node* const value = node(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    wrong_type(key, "true or false", "write true or false, without quotes");
    return false;
  }
  into = value->as_boolean()->get();
  return true;
}

bool TableReader::read(std::string_view key, int& into, int min, int max) {
  const toml::node* const value = node(key);
  if (value == nullptr) return false;
  const std::string remedy = fmt::format("write a whole number from {} to {}", min, max);
  if (!value->is_integer()) {
    wrong_type(key, "a whole number", remedy);
    return false;
  }
  const std::int64_t number = value->as_integer()->get();
  if (number < min || number > max) {
    problem(key, fmt::format("{} is out of bounds", number), remedy);
    return false;
  }
  into = static_cast<int>(number);
  return true;
}

bool TableReader::read(std::string_view key, Duration& into, DurationBounds bounds) {
  const toml::node* const value = node(key);
  if (value == nullptr) return false;
  const std::string form =
      "write a whole number and a unit (ms, s, m or h) between quotes, such as \"10s\"";
  if (!value->is_string()) {
    wrong_type(key, "a duration", form);
    return false;
  }
  const std::string& text = value->as_string()->get();
  const auto duration = parse_duration(text);
  if (!duration) {
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    problem(key, in_quotes(text) + (is_number ? " has no unit" : " is no duration"), form);
    return false;
  }
  if (*duration < bounds.min || *duration > bounds.max) {
    problem(key, in_quotes(text) + " is out of bounds",
            fmt::format("write a duration from \"{}\" to \"{}\"", format_duration(bounds.min),
                        format_duration(bounds.max)));
    return false;
  }
  into = *duration;
  return true;
}

bool TableReader::read_choice(std::string_view key, std::span<const std::string_view> words,
                              std::size_t& index) {
  const toml::node* const value = node(key);
  if (value == nullptr) return false;
  const std::string remedy = fmt::format("write {}", quoted_list(words));
  if (!value->is_string()) {
    wrong_type(key, "text", remedy);
    return false;
  }
  const std::string& text = value->as_string()->get();
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) {
    problem(key, in_quotes(text) + " is not a value of this key", remedy);
    return false;
  }
  index = static_cast<std::size_t>(found - words.begin());
  return true;
}

void TableReader::for_each_text(std::string_view key, std::string_view example,
                                const std::function<void(const std::string&, ConfigPlace)>& visit) {
  const toml::node* const value = node(key);
  if (value == nullptr) return;
  if (!value->is_array()) return wrong_type(key, "a list of texts", list_remedy(example));
  std::size_t count = 0;
  for (const toml::node& element : *value->as_array()) {
    ConfigPlace where =
        place_of(reading_, element.source(), fmt::format("{}.{}[{}]", path_, key, ++count));
    if (element.is_string()) {
      visit(element.as_string()->get(), std::move(where));
    } else {
      reading_.problems.push_back({std::move(where),
                                   fmt::format("must be text, but is {}", type_name(element)),
                                   list_remedy(example)});
    }
  }
}

void TableReader::for_each_table(
    std::string_view key, std::string_view example,
    const std::function<void(const toml::table&, std::string path)>& visit) {
  const toml::node* const value = node(key);
  if (value == nullptr) return;
  const std::string remedy = fmt::format("write {}", example);
  if (!value->is_array()) return wrong_type(key, "a list of tables", remedy);
  std::size_t count = 0;
  for (const toml::node& element : *value->as_array()) {
    std::string path = fmt::format("{}{}{}[{}]", path_, path_.empty() ? "" : ".", key, ++count);
    if (element.is_table()) {
      visit(*element.as_table(), std::move(path));
    } else {
      reading_.problems.push_back({place_of(reading_, element.source(), std::move(path)),
                                   fmt::format("must be a table, but is {}", type_name(element)),
                                   remedy});
    }
  }
}

const toml::table* TableReader::table(std::string_view key, std::string_view example) {
  const toml::node* const value = node(key);
  if (value == nullptr) return nullptr;
  if (!value->is_table()) wrong_type(key, "a table", fmt::format("write {}", example));
  return value->as_table();
}

}  // namespace bridge
