#include "tests/simulation/checkers/steadiness_checker.hpp"

namespace simulation {

void SteadinessChecker::published_position(const bridge::PositionUpdate& update,
                                           AccountIndex account) {
  if (!is_calm() || !was_live_[account]) return;
  if (!update.position.is_open() || update.state == bridge::PositionState::live) return;
  // One that has just opened may begin with the last price of who held the symbol before.
  const std::vector<HeldPosition>& known = scene().subscriber.positions();
  if (update.topic >= known.size() || !known[update.topic].is_open()) return;
  const Instant opened_at = known[update.topic].unpriced_since;
  if (scene().clock.elapsed() - opened_at > scene().driver.settings().stale_after)
    report(scene().account_name(account) + " " + std::string(update.symbol) +
           " is stale although nothing went wrong");
}

void SteadinessChecker::published_status(const bridge::AccountStatus& status,
                                         AccountIndex account) {
  const bool is_live = status.state == bridge::AccountState::live;
  if (is_calm() && was_live_[account] && !is_live)
    report(scene().account_name(account) +
           " is not live any more although nothing went wrong: " + std::string(status.detail));
  was_live_[account] = was_live_[account] || is_live;
}

}  // namespace simulation
