#pragma once

namespace bridge {

// What the program ends with, as sysexits(3) numbers it; scripts and systemd rely on it.
enum class ExitCode : int {
  done = 0,
  bad_usage = 64,
  not_available = 69,  // an address cannot be bound; the bridge is not ready, or turns us away
  internal_error = 70,
  bad_configuration = 78,
};

}  // namespace bridge
