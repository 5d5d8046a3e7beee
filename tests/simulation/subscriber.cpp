#include "tests/simulation/subscriber.hpp"

#include "bridge/core/assert.hpp"

namespace simulation {

exchange::PositionSide to_exchange(bridge::PositionSide side) {
  switch (side) {
    case bridge::PositionSide::both: return exchange::PositionSide::both;
    case bridge::PositionSide::long_side: return exchange::PositionSide::long_leg;
    case bridge::PositionSide::short_side: return exchange::PositionSide::short_leg;
  }
  BRIDGE_UNREACHABLE("not a PositionSide");
}

void Subscriber::take(const bridge::PositionUpdate& update, AccountIndex account, Instant now) {
  if (update.topic >= positions_.size()) positions_.resize(update.topic + std::size_t{1});
  HeldPosition& held = positions_[update.topic];
  if (held.seq == 0) {
    const auto symbol = symbols_.find(update.symbol);
    BRIDGE_ASSERT(symbol.has_value());
    held.account = account;
    held.key = {*symbol, to_exchange(update.position_side)};
    held.symbol = update.symbol;
    accounts_[account].topics.push_back(update.topic);
  }
  const bool opens = update.position.is_open() && !held.is_open();
  const bool loses_price = held.mark_time && update.mark_price == nullptr;
  const bool becomes_live =
      held.state == bridge::PositionState::stale && update.state == bridge::PositionState::live;
  if (opens || loses_price || becomes_live) held.unpriced_since = now;
  held.position = update.position;
  held.state = update.state;
  held.seq = update.seq;
  held.mark_time.reset();
  if (update.mark_price != nullptr) held.mark_time = update.mark_price->event_time;
  accounts_[account].account_seq = update.account_seq;
}

void Subscriber::take(const bridge::AccountStatus& status, AccountIndex account, Instant now) {
  HeldAccount& held = accounts_[account];
  if (held.state != status.state) held.state_since = now;
  held.state = status.state;
  held.user_connected = status.user_connected;
  held.mark_connected = status.mark_connected;
  held.account_seq = status.account_seq;
}

const HeldPosition* Subscriber::find(AccountIndex account, exchange::PositionKey key) const {
  for (const std::uint32_t topic : accounts_[account].topics) {
    if (positions_[topic].key == key) return &positions_[topic];
  }
  return nullptr;
}

}  // namespace simulation
