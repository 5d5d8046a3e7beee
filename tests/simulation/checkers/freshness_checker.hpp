#pragma once

#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// Nothing is `live` from a source that is older than its bound: a mark price not heard of for
/// `stale_after`, a stream on which nothing came for the longest allowed silence, a stream that is
/// closed.
class FreshnessChecker final : public Checker {
 public:
  explicit FreshnessChecker(Scene& scene)
      : Checker(scene), heard_at_(scene.exchange.world().symbols.size()) {}
  std::string_view name() const override { return "freshness"; }
  void published_position(const bridge::PositionUpdate& update, AccountIndex account) override;
  void settled(AccountIndex account) override;
  void sweep() override;

 private:
  bool is_fresh(const Network::Link* link) const;
  void check_streams(AccountIndex account);
  void check_stream(AccountIndex account, AccountIndex owner, std::string_view what);
  void check_prices();
  void check_price(const HeldPosition& held);
  bridge::Duration price_age_max() const;

  std::vector<Instant> heard_at_;  // by symbol: when its mark price last came, as of the sweep
  /// Until then no price that was looked at can be too old: each was heard of or published since.
  Instant prices_fresh_until_{};
  std::vector<std::uint32_t> unchecked_;  // topics that were published for another reason
};

}  // namespace simulation
