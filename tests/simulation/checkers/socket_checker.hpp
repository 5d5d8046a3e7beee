#pragma once

#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// One user stream for each account, and one mark price stream: none is opened beside one that is
/// open, and none that was given up stays.
class SocketChecker final : public Checker {
 public:
  explicit SocketChecker(Scene& scene)
      : Checker(scene), open_(scene.subscriber.account_count() + 1) {}
  std::string_view name() const override { return "socket"; }
  void settled(AccountIndex account) override;
  void sweep() override;

 private:
  std::vector<int> open_;  // by account; the last is the mark price stream
};

}  // namespace simulation
