#pragma once

#include <filesystem>
#include <vector>

#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/app/configuration/configuration.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"

namespace bridge {

// A configuration with every secret that it names.
struct PreparedConfiguration {
  Configuration configuration;
  std::vector<AccountSecrets> secrets;  // in the order of the accounts; see read_secrets()
  Secret bus_key;                       // see read_bus_key()
};

// On failure: all that is wrong with the file, or, if nothing is, with the secrets that it names.
Result<PreparedConfiguration, ConfigProblems> prepare_configuration(
    const std::filesystem::path& file);

}  // namespace bridge
