#pragma once

#include "bridge/wire/bus/bus_value.hpp"

namespace bridge {

class BridgeProcess;

// The whole of /status, without secrets; called on the main loop. `uptime` is in seconds. Per
// account: the keys of an account.status made now, the symbols with open positions and those of
// them with a mark price, and the listen key's fingerprint.
BusValue status_page(const BridgeProcess& process);

}  // namespace bridge
