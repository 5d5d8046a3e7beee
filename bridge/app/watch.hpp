#pragma once

#include <string>

#include "bridge/app/exit_code.hpp"

namespace bridge {

struct WatchOptions {
  std::string endpoint = "tcp://127.0.0.1:5556";
  std::string account;  // empty: all
  bool json = false;
};

// Shows what a bridge publishes until SIGINT or SIGTERM: on a terminal a table of the positions
// that are open, drawn again a few times a second; elsewhere, or with `json`, each message as a
// line of JSON.
ExitCode watch_command(const WatchOptions& options);

}  // namespace bridge
