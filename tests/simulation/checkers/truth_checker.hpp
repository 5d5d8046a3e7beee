#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// What is published of an account that says `live` is what the account holds: at once when nothing
/// is on its way, and within one reconcile interval when the exchange or the network lost an event
/// without a word.
class TruthChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "truth"; }
  void settled(AccountIndex account) override;
  void sweep() override;
  void finished() override;

 private:
  enum class Excuse : std::uint8_t { losses, none };
  void check(AccountIndex account, Excuse excuse);
  void check_position(AccountIndex account, exchange::PositionKey key,
                      const exchange::Position& position, Excuse excuse);
  bool is_excused(AccountIndex account, exchange::PositionKey key) const;
  bool is_right(AccountIndex account, exchange::PositionKey key,
                const exchange::Position& position, const bridge::Position& ours) const;
  /// What is different, in words; empty: nothing, or what may be on its way.
  std::string difference(AccountIndex account, exchange::PositionKey key,
                         const exchange::Position& position, const bridge::Position& ours) const;

  int sweeps_ = 0;
};

}  // namespace simulation
