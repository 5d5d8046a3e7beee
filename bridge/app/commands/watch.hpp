#pragma once

#include <string>

#include "bridge/app/process/exit_code.hpp"

namespace bridge {

struct WatchOptions {
  std::string endpoint = "tcp://127.0.0.1:5556";
  std::string account;  // empty: all
  bool json = false;
  // To an encrypted bus: the file with our secret key, and the bridge's public key or a file that
  // holds it. Both or none.
  std::string secret_key_file;
  std::string server_key;
};

// Shows what a bridge publishes until SIGINT or SIGTERM: on a terminal a table of the positions
// that are open, drawn again a few times a second; elsewhere, or with `json`, each message as a
// line of JSON. Ends when the bridge turns us away, since libzmq does not try again then.
ExitCode watch_command(const WatchOptions& options);

}  // namespace bridge
