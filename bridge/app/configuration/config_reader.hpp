#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/app/configuration/config_schema.hpp"
#include "bridge/core/values/time.hpp"

// Typed reading of TOML tables. Whatever is wrong is noted, and reading goes on.
namespace bridge {

// One reading of one file.
struct ConfigReading {
  std::string file;                 // as the user named it
  std::filesystem::path directory;  // where relative paths start
  ConfigProblems problems;
};

template <class T>
struct Choice {
  std::string_view text;
  T value;
};

struct DurationBounds {
  Duration min;
  Duration max;
};

class TableReader {
 public:
  // Notes the keys that the schema does not know. The table must outlive the reader.
  TableReader(ConfigReading& reading, const toml::table& table, const schema::Table& schema,
              std::string path);

  bool has(std::string_view key) const { return node(key) != nullptr; }

  // Each leaves the default in place where the key is absent or wrong; true: the file said it well.
  bool read(std::string_view key, std::string& into);
  bool read(std::string_view key, bool& into);
  bool read(std::string_view key, int& into, int min, int max);
  bool read(std::string_view key, Duration& into, DurationBounds bounds);
  template <class T, std::size_t count>
  bool read(std::string_view key, T& into, const std::array<Choice<T>, count>& choices);

  // A list of texts, each with the key that names it in problems ("publisher.bind[1]").
  void for_each_text(std::string_view key, std::string_view example,
                     const std::function<void(const std::string&, ConfigPlace)>& visit);
  // A list of tables, likewise.
  void for_each_table(std::string_view key, std::string_view example,
                      const std::function<void(const toml::table&, std::string path)>& visit);

  // Null where the key is absent or no table; the latter is noted.
  const toml::table* table(std::string_view key, std::string_view example);

  void require(std::string_view key, std::string_view remedy);

  // About a value, or about the table where it has none.
  void problem(std::string_view key, std::string what, std::string remedy);
  ConfigPlace place(std::string_view key) const;

  const toml::node* node(std::string_view key) const;
  ConfigReading& reading() { return reading_; }

 private:
  void note_unknown_keys();
  void wrong_type(std::string_view key, std::string_view expected, std::string remedy);
  bool read_choice(std::string_view key, std::span<const std::string_view> words,
                   std::size_t& index);

  ConfigReading& reading_;
  const toml::table& table_;
  const schema::Table& schema_;
  std::string path_;
};

// "text", "a number", "a list", …
std::string_view type_name(const toml::node& node);

ConfigPlace place_of(const ConfigReading& reading, const toml::source_region& region,
                     std::string key);

template <class T, std::size_t count>
bool TableReader::read(std::string_view key, T& into, const std::array<Choice<T>, count>& choices) {
  std::array<std::string_view, count> words;
  for (std::size_t i = 0; i < count; ++i) words[i] = choices[i].text;
  std::size_t index = 0;
  if (!read_choice(key, words, index)) return false;
  into = choices[index].value;
  return true;
}

}  // namespace bridge
