#include "bridge/app/configuration/configuration.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "bridge/app/configuration/config_accounts.hpp"
#include "bridge/app/configuration/config_reader.hpp"
#include "bridge/app/configuration/config_sections.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

// Some 15,000 accounts, far more than one address may serve.
constexpr std::size_t file_size_max = 4UL * 1024 * 1024;

// The file's text, or why there is none. Not limited to regular files: a pipe is fine.
Result<std::string, std::string> read_text(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return Failure<std::string>{std::strerror(errno)};
  std::string text;
  std::array<char, 16'384> buffer;
  ssize_t count = 0;
  while ((count = read(descriptor, buffer.data(), buffer.size())) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || text.size() > file_size_max) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  close(descriptor);
  if (count < 0) return Failure<std::string>{std::strerror(error)};
  if (text.size() > file_size_max)
    return Failure<std::string>{fmt::format("it has more than {} bytes", file_size_max)};
  return text;
}

// The parser repeats pieces of the text between single quotes. A short one is a name or a letter; a
// long one could be a secret that lost its quotes.
std::string without_long_quotations(std::string_view description) {
  constexpr std::size_t quotation_size_max = 24;
  std::string text;
  while (!description.empty()) {
    const std::size_t open_quote = description.find('\'');
    text += description.substr(0, open_quote);
    if (open_quote == description.npos) break;
    const std::size_t close_quote = description.find('\'', open_quote + 1);
    const std::size_t end = close_quote == description.npos ? description.size() : close_quote + 1;
    const std::string_view quotation = description.substr(open_quote, end - open_quote);
    text += quotation.size() > quotation_size_max ? "'…'" : quotation;
    description.remove_prefix(end);
  }
  return text;
}

ConfigProblem syntax_problem(const ConfigReading& reading, const toml::parse_error& error) {
  std::string description = without_long_quotations(error.description());
  constexpr std::string_view prefix = "Error while ";
  if (description.starts_with(prefix)) description.erase(0, prefix.size());
  return {place_of(reading, error.source(), ""), "this is not valid TOML: " + description,
          "put text between double quotes, and close every quote and bracket"};
}

Configuration read_configuration(ConfigReading& reading, const toml::table& table) {
  TableReader root{reading, table, schema::root, ""};
  for (const std::string_view key : {"bridge", "publisher", "http", "mark_price", "reconcile"})
    root.table(key, fmt::format("[{}] and its keys below", key));
  root.table("environment", "[environment.NAME] and its keys below");
  Configuration configuration;
  configuration.bridge = read_bridge_settings(reading, table);
  configuration.publisher = read_publisher_settings(reading, table);
  configuration.http = read_http_settings(reading, table);
  configuration.mark_price = read_mark_price_settings(reading, table);
  configuration.user_stream = read_user_stream_settings(reading, table);
  configuration.reconcile = read_reconcile_settings(reading, table);
  const Environments environments = read_environments(reading, table);
  configuration.accounts = read_accounts(reading, root, environments);
  return configuration;
}

void sort_by_place(ConfigProblems& problems) {
  std::stable_sort(
      problems.begin(), problems.end(), [](const ConfigProblem& a, const ConfigProblem& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
      });
}

}  // namespace

Result<Configuration, ConfigProblems> load_configuration(const std::filesystem::path& file) {
  ConfigReading reading{file.string(), std::filesystem::absolute(file).parent_path(), {}};
  const auto text = read_text(file);
  if (!text) {
    return Failure<ConfigProblems>{
        {{{reading.file, 0, 0, ""},
          "cannot be read: " + text.error(),
          "name a configuration with --config FILE; config/bridge.toml explains every key"}}};
  }
  Configuration configuration;
  try {
    const toml::table table = toml::parse(*text, std::string_view{reading.file});
    configuration = read_configuration(reading, table);
  } catch (const toml::parse_error& error) {
    reading.problems.push_back(syntax_problem(reading, error));
  }
  if (!reading.problems.empty()) {
    sort_by_place(reading.problems);
    return Failure<ConfigProblems>{std::move(reading.problems)};
  }
  configuration.file = file;
  return configuration;
}

std::string_view to_string(LogFormat format) {
  switch (format) {
    case LogFormat::text: return "text";
    case LogFormat::json: return "json";
  }
  BRIDGE_UNREACHABLE("not a LogFormat");
}

}  // namespace bridge
