#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bridge/app/configuration/prepared_configuration.hpp"

namespace bridge {

// What a new configuration changes of the one that runs.
struct ConfigurationChanges {
  // Places in the new configuration's accounts.
  std::vector<std::size_t> added;    // new, or enabled now
  std::vector<std::size_t> rekeyed;  // other keys: to be connected anew
  std::vector<std::size_t> kept;     // as they were, but for close_listen_key_on_stop
  std::vector<std::string> removed;  // names of those that are gone, or disabled now
  // Keys whose change takes effect after a restart only: "publisher.bind",
  // "account main: environment". Accounts among them run on as they were.
  std::vector<std::string> need_restart;
};

ConfigurationChanges changes_between(const PreparedConfiguration& running,
                                     const PreparedConfiguration& next);

}  // namespace bridge
