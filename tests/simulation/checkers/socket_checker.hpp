#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// One user stream for each account, and one mark price stream: none is opened beside one that is
/// open, and none that was given up stays.
class SocketChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "socket"; }
  void settled(AccountIndex account) override;
  void sweep() override;
};

}  // namespace simulation
