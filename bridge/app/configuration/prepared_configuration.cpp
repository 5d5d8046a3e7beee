#include "bridge/app/configuration/prepared_configuration.hpp"

#include <iterator>
#include <utility>

namespace bridge {

Result<PreparedConfiguration, ConfigProblems> prepare_configuration(
    const std::filesystem::path& file) {
  auto configuration = load_configuration(file);
  if (!configuration) return Failure<ConfigProblems>{std::move(configuration.error())};
  auto bus_key = read_bus_key(*configuration);
  auto secrets = read_secrets(*configuration);
  ConfigProblems problems;
  if (!bus_key) problems = std::move(bus_key.error());
  if (!secrets)
    problems.insert(problems.end(), std::make_move_iterator(secrets.error().begin()),
                    std::make_move_iterator(secrets.error().end()));
  if (!problems.empty()) return Failure<ConfigProblems>{std::move(problems)};
  return PreparedConfiguration{std::move(*configuration), std::move(*secrets), std::move(*bus_key)};
}

}  // namespace bridge
