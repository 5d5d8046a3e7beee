#pragma once

#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// What is published of an account that says `live` is what the account holds: at once when nothing
/// is on its way, and within one reconcile interval when the exchange or the network lost an event
/// without a word.
class TruthChecker final : public Checker {
 public:
  explicit TruthChecker(Scene& scene) : Checker(scene), right_(scene.subscriber.account_count()) {}
  std::string_view name() const override { return "truth"; }
  void settled(AccountIndex account) override;
  void sweep() override;
  void finished() override;

 private:
  enum class Excuse : std::uint8_t { losses, none };
  void check(AccountIndex account, Excuse excuse);
  /// Whether it is right, without any excuse.
  bool check_position(AccountIndex account, exchange::PositionKey key,
                      const exchange::Position& position, Excuse excuse);
  bool is_excused(AccountIndex account, exchange::PositionKey key) const;
  bool is_right(AccountIndex account, exchange::PositionKey key, const exchange::Position& position,
                const bridge::Position& ours) const;
  /// Whether the bridge was told of the setting's last change.
  bool must_be_known(AccountIndex account, exchange::SymbolId symbol, Truth::Setting setting) const;
  /// What is different, in words; empty: nothing, or what may be on its way.
  std::string difference(AccountIndex account, exchange::PositionKey key,
                         const exchange::Position& position, const bridge::Position& ours) const;

  /// How often either side had changed when all was right: while that is so, it still is.
  struct Seen {
    std::uint64_t truth = UINT64_MAX;
    std::uint64_t subscriber = UINT64_MAX;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::vector<Seen> right_;  // by account
  int sweeps_ = 0;
};

}  // namespace simulation
