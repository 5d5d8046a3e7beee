#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// The exchange's limits, by its own count, are never broken. What only a fault can make the bridge
/// break (a timestamp after its clock jumped, a pong that the network swallowed) counts while there
/// are no faults.
class LimitsChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "limits"; }
  void sweep() override;
};

}  // namespace simulation
