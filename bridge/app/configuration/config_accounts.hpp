#pragma once

#include <vector>

#include "bridge/app/configuration/config_sections.hpp"

namespace bridge {

// Every [[account]], checked by itself and against the others.
std::vector<AccountSettings> read_accounts(ConfigReading& reading, TableReader& root,
                                           const Environments& environments);

}  // namespace bridge
