#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// A subscriber that reads positions only knows what one that reads accounts knows: no position is
/// live in an account that is not, and a position of a live account with a fresh price is live.
/// An account that says live has both its streams connected.
class AnnouncementChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "announcement"; }
  void published_status(const bridge::AccountStatus& status, AccountIndex account) override;
  void settled(AccountIndex account) override;
  void sweep() override;

 private:
  void check_stale(AccountIndex account) const;  // of one that is live
};

}  // namespace simulation
