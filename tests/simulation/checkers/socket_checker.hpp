#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// One user stream for each account, and one mark price stream; two while one takes over from the
/// other, and no longer than a rotation may last. None that was given up stays.
class SocketChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "socket"; }
  void settled(AccountIndex account) override;
  void sweep() override;

 private:
  void check(AccountIndex account);
};

}  // namespace simulation
