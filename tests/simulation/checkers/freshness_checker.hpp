#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// Nothing is `live` from a source that is older than its bound: a mark price not heard of for
/// `stale_after`, a stream on which nothing came for the longest allowed silence, a stream that is
/// closed.
class FreshnessChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "freshness"; }
  void settled(AccountIndex account) override;
  void sweep() override;

 private:
  void check_streams(AccountIndex account);
  void check_stream(AccountIndex account, AccountIndex owner, std::string_view what);
  void check_price(const HeldPosition& held);
};

}  // namespace simulation
