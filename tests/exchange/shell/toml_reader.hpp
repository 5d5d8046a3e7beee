#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "tests/exchange/model/amount.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

/// Collects what is wrong with a file, each with its line.
struct TomlErrors {
  std::string file;
  std::vector<std::string> list;

  void add(const toml::source_region& where, std::string_view key, std::string_view problem);
};

/// Reads one table key by key: what is missing gets the default, what has the wrong type is
/// reported, and `finish` reports every key that nobody asked for.
class TomlTable {
 public:
  TomlTable(const toml::table& table, TomlErrors& errors) : table_(table), errors_(errors) {}

  const toml::node* find(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::string required_text(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t low,
                       std::int64_t high);
  bool flag(std::string_view key, bool otherwise);
  UnixMs duration(std::string_view key, UnixMs otherwise);
  /// The same with a sign: "-3s".
  UnixMs offset(std::string_view key, UnixMs otherwise);
  std::optional<Amount> amount(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  /// One of `words`; the index of the one that was given.
  std::size_t choice(std::string_view key, const std::vector<std::string_view>& words,
                     std::size_t otherwise);
  /// Null when absent or not a table.
  const toml::table* table(std::string_view key);
  std::vector<const toml::table*> tables(std::string_view key);
  void error(std::string_view key, std::string_view problem);
  void finish();

 private:
  const toml::table& table_;
  TomlErrors& errors_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace exchange
