#include "tests/simulation/checkers/recovery_checker.hpp"

namespace simulation {
namespace {

using namespace std::chrono_literals;

// A listen key that somebody deleted is noticed when it is kept alive, up to half an hour later;
// what begins anew then may take as long as one wait and one synchronization.
constexpr bridge::Duration restart_max = 90s;

}  // namespace

void RecoveryChecker::recovered() {
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account) {
    if (!is_overdue(account)) continue;
    report(scene().account_name(account) + " is not live although faults have stopped: " +
           std::string(scene().driver.feed().view(account).detail));
  }
}

bool RecoveryChecker::is_overdue(AccountIndex account) const {
  const HeldAccount& held = scene().subscriber.account(account);
  // An account that was live is stale through all the states of a restart.
  return !held.is_live() && scene().clock.elapsed() - held.state_since > restart_max;
}

void RecoveryChecker::finished() {
  recovered();
  for (const HeldPosition& held : scene().subscriber.positions()) {
    if (held.is_open() && held.state != bridge::PositionState::live && is_live(held.account))
      report(scene().account_name(held.account) + " " + held.symbol +
             " is stale although faults have stopped");
  }
}

}  // namespace simulation
