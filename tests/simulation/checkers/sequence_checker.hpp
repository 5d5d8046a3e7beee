#pragma once

#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// `account_seq` and `seq` begin at 1 and have no holes.
class SequenceChecker final : public Checker {
 public:
  explicit SequenceChecker(Scene& scene)
      : Checker(scene), account_seqs_(scene.subscriber.account_count()) {}
  std::string_view name() const override { return "sequence"; }
  void published_position(const bridge::PositionUpdate& update, AccountIndex account) override;
  void published_status(const bridge::AccountStatus& status, AccountIndex account) override;

 private:
  void count(AccountIndex account, std::uint64_t account_seq);

  std::vector<std::uint64_t> account_seqs_;
  std::vector<std::uint64_t> seqs_;  // by topic number
};

}  // namespace simulation
