#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/app/configuration/config_problem.hpp"

namespace bridge {

// Who may be able to connect: with a bus that is not encrypted, this machine only.
enum class BusReach : std::uint8_t { this_machine, anywhere };

// What is wrong with an endpoint to bind, as libzmq takes it; nothing: it is fine.
// tcp://ADDRESS:PORT with a numeric address, and ipc:///absolute/path.
std::optional<ValueProblem> bus_endpoint_problem(std::string_view endpoint, BusReach reach);

}  // namespace bridge
