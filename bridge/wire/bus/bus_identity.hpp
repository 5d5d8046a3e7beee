#pragma once

#include <string>

#include "bridge/core/values/time.hpp"

namespace bridge {

// Who says it: in every message of the bus.
struct BusIdentity {
  std::string instance;
  WallTime epoch;  // start of this run; what a subscriber knew of another epoch is void
};

// Of every message. Moves only when a key goes, or changes its name or meaning.
constexpr unsigned bus_version = 1;

}  // namespace bridge
