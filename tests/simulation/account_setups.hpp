#pragma once

#include "bridge/wire/exchange/credentials.hpp"
#include "tests/exchange/model/scenario.hpp"
#include "tests/simulation/options.hpp"

namespace simulation {

/// What the exchange begins with: accounts in both modes and with both margin types, holding
/// something, that trade at the pace of the profile.
exchange::Scenario scenario_of(const Options& options);

/// What the bridge proves itself with as this account.
bridge::Credentials credentials_of(const exchange::AccountSetup& setup);

}  // namespace simulation
