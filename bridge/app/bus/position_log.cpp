#include "bridge/app/bus/position_log.hpp"

#include "bridge/app/log/log.hpp"

namespace bridge {
namespace {

std::string name_of(const PositionUpdate& update) {
  return std::string{update.symbol} + " " + std::string{to_string(update.position_side)};
}

}  // namespace

void PositionLog::note(const AccountStatus& status) {
  const auto [said, is_first] = states_.try_emplace(status.account.name, status.state);
  if (!is_first && said->second == status.state) return;
  said->second = status.state;
  log(LogLevel::info, status.account.name, "is " + std::string{to_string(status.state)});
}

void PositionLog::look_at(const PositionUpdate& update) {
  const bool can_be_trusted = update.state == PositionState::live || !update.position.is_open();
  if (can_be_trusted) {
    if (unpriced_.erase(update.topic) > 0)
      log(LogLevel::info, update.account.name, name_of(update) + " is not stale any more");
    return;
  }
  // While the account is not live all of its positions are stale, and it is said of the account.
  if (update.trigger != Trigger::state || !is_live(update.account.name)) return;
  if (unpriced_.insert(update.topic).second)
    log(LogLevel::warn, update.account.name,
        name_of(update) + " is stale: the exchange sends no mark price for it");
}

bool PositionLog::is_live(const std::string& account) const {
  const auto state = states_.find(account);
  return state != states_.end() && state->second == AccountState::live;
}

}  // namespace bridge
