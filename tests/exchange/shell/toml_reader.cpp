#include "tests/exchange/shell/toml_reader.hpp"

#include "tests/exchange/shell/scenario_file.hpp"

namespace exchange {

void TomlErrors::add(const toml::source_region& where, std::string_view key,
                     std::string_view problem) {
  list.push_back(file + ":" + std::to_string(where.begin.line) + ": " + std::string(key) + ": " +
                 std::string(problem));
}

const toml::node* TomlTable::find(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

void TomlTable::error(std::string_view key, std::string_view problem) {
  const toml::node* const node = table_.get(key);
  errors_.add(node == nullptr ? table_.source() : node->source(), key, problem);
}

std::optional<std::string> TomlTable::text(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto value = node->value_exact<std::string>()) return *value;
  error(key, "must be a string");
  return std::nullopt;
}

std::string TomlTable::required_text(std::string_view key) {
  const std::optional<std::string> value = text(key);
  if (value && !value->empty()) return *value;
  if (!table_.contains(key) || value) error(key, "is needed here");
  return {};
}

std::int64_t TomlTable::integer(std::string_view key, std::int64_t otherwise, std::int64_t low,
                                std::int64_t high) {
  const toml::node* const node = find(key);
  if (node == nullptr) return otherwise;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= low && *value <= high) return *value;
  error(key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return otherwise;
}

bool TomlTable::flag(std::string_view key, bool otherwise) {
  const toml::node* const node = find(key);
  if (node == nullptr) return otherwise;
  if (const auto value = node->value_exact<bool>()) return *value;
  error(key, "must be true or false");
  return otherwise;
}

UnixMs TomlTable::duration(std::string_view key, UnixMs otherwise) {
  const std::optional<std::string> value = text(key);
  if (!value) return otherwise;
  if (const std::optional<UnixMs> parsed = parse_duration(*value)) return *parsed;
  error(key, "must be a duration with a unit, like \"500ms\", \"2s\", \"30m\" or \"8h\"");
  return otherwise;
}

UnixMs TomlTable::offset(std::string_view key, UnixMs otherwise) {
  const std::optional<std::string> value = text(key);
  if (!value) return otherwise;
  if (const std::optional<UnixMs> parsed = parse_offset(*value)) return *parsed;
  error(key, "must be a duration with a unit, like \"3s\" or \"-500ms\"");
  return otherwise;
}

std::optional<Amount> TomlTable::amount(std::string_view key) {
  const std::optional<std::string> value = text(key);
  if (!value) return std::nullopt;
  const std::optional<Amount> parsed = Amount::parse(*value);
  if (!parsed) error(key, "must be a decimal number in quotes, with at most eight decimals");
  return parsed;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
  std::vector<std::string> values;
  const toml::node* const node = find(key);
  if (node == nullptr) return values;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    error(key, "must be a list of strings");
    return values;
  }
  for (const toml::node& element : *array) {
    if (const auto value = element.value_exact<std::string>()) {
      values.push_back(*value);
    } else {
      errors_.add(element.source(), key, "must hold strings only");
    }
  }
  return values;
}

std::size_t TomlTable::choice(std::string_view key, const std::vector<std::string_view>& words,
                              std::size_t otherwise) {
  const std::optional<std::string> value = text(key);
  if (!value) return otherwise;
  std::string known;
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (*value == words[index]) return index;
    known += (index == 0 ? "\"" : ", \"") + std::string(words[index]) + "\"";
  }
  error(key, "\"" + *value + "\" is not one of " + known);
  return otherwise;
}

const toml::table* TomlTable::table(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) error(key, "must be a table");
  return node->as_table();
}

std::vector<const toml::table*> TomlTable::tables(std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* const node = find(key);
  if (node == nullptr) return found;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    error(key, "must be a list of tables");
    return found;
  }
  for (const toml::node& element : *array) {
    if (const toml::table* const entry = element.as_table()) {
      found.push_back(entry);
    } else {
      errors_.add(element.source(), key, "must hold tables only");
    }
  }
  return found;
}

void TomlTable::finish() {
  for (const auto& [key, node] : table_) {
    if (!asked_.contains(std::string_view(key))) {
      errors_.add(node.source(), std::string_view(key), "is not a key that exists here");
    }
  }
}

}  // namespace exchange
