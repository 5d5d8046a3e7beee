#pragma once

#include "bridge/wire/bus_value.hpp"

namespace bridge {

class BridgeProcess;

// The whole of /status, without secrets; called on the main loop. Per account: what account.status
// says, the symbols with open positions and those of them with a mark price, and the listen key's
// fingerprint.
BusValue status_page(const BridgeProcess& process);

}  // namespace bridge
