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
  if (held.is_live()) return;
  for (const std::uint32_t topic : held.topics) {
    const HeldPosition& position = scene().subscriber.positions()[topic];
    if (position.is_open() && position.state == bridge::PositionState::live) report_live(position);
  }
}

void AnnouncementChecker::sweep() {
  if (scene().is_paused()) return;
  const Instant now = scene().clock.elapsed();
  for (const std::uint32_t topic : scene().subscriber.open_topics()) {
    const HeldPosition& position = scene().subscriber.positions()[topic];
    const HeldAccount& account = scene().subscriber.account(position.account);
    if (position.state == bridge::PositionState::live) {
      if (!account.is_live()) report_live(position);
      continue;
    }
    if (!account.is_live() || now - account.state_since <= allowance || !position.mark_time)
      continue;
    const Instant sent = VirtualClock::instant_of(*position.mark_time);
    if (now - sent < scene().driver.settings().stale_after - allowance)
      report(scene().account_name(position.account) + " " + position.symbol +
             " is stale although its account is live and its price is of " + to_text(sent));
  }
}

void AnnouncementChecker::report_live(const HeldPosition& position) const {
  report(scene().account_name(position.account) + " " + position.symbol +
         " is live and its account is not");
}

}  // namespace simulation
