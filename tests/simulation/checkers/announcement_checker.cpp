#include "tests/simulation/checkers/announcement_checker.hpp"

namespace simulation {
namespace {

using namespace std::chrono_literals;

// The bridge looks at ages twice a second.
constexpr bridge::Duration allowance = 1s;

}  // namespace

void AnnouncementChecker::published_status(const bridge::AccountStatus& status,
                                           AccountIndex account) {
  if (status.state == bridge::AccountState::live && !status.connected())
    report(scene().account_name(account) + " says live without being connected");
}

void AnnouncementChecker::settled(AccountIndex account) {
  const HeldAccount& held = scene().subscriber.account(account);
  if (held.is_live() || held.open_and_live == 0) return;
  for (const std::uint32_t topic : held.topics) {
    const HeldPosition& position = scene().subscriber.positions()[topic];
    if (position.is_open() && position.state == bridge::PositionState::live)
      report(scene().account_name(account) + " " + position.symbol +
             " is live and its account is not");
  }
}

void AnnouncementChecker::sweep() {
  if (scene().is_paused()) return;
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account) {
    const HeldAccount& held = scene().subscriber.account(account);
    if (!held.is_live()) {
      settled(account);
    } else if (held.open != held.open_and_live) {
      check_stale(account);
    }
  }
}

void AnnouncementChecker::check_stale(AccountIndex index) const {
  const HeldAccount& account = scene().subscriber.account(index);
  const Instant now = scene().clock.elapsed();
  if (now - account.state_since <= allowance) return;
  for (const std::uint32_t topic : account.topics) {
    const HeldPosition& position = scene().subscriber.positions()[topic];
    if (!position.is_open() || position.state == bridge::PositionState::live) continue;
    if (!position.mark_time) continue;
    const Instant sent = VirtualClock::instant_of(*position.mark_time);
    if (now - sent < scene().driver.settings().stale_after - allowance)
      report(scene().account_name(index) + " " + position.symbol +
             " is stale although its account is live and its price is of " + to_text(sent));
  }
}

}  // namespace simulation
