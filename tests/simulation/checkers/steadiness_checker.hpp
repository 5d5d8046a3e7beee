#pragma once

#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// Where nothing goes wrong, what was live stays live: listen keys are renewed, and streams
/// replaced before the exchange cuts them, without a moment of doubt.
class SteadinessChecker final : public Checker {
 public:
  explicit SteadinessChecker(Scene& scene)
      : Checker(scene), was_live_(scene.subscriber.account_count()) {}
  std::string_view name() const override { return "steadiness"; }
  void published_position(const bridge::PositionUpdate& update, AccountIndex account) override;
  void published_status(const bridge::AccountStatus& status, AccountIndex account) override;

 private:
  bool is_calm() const { return scene().options.profile == ProfileName::calm; }

  std::vector<bool> was_live_;
};

}  // namespace simulation
