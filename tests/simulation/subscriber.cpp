#include "tests/simulation/subscriber.hpp"

#include "bridge/core/values/assert.hpp"

namespace simulation {

exchange::PositionSide to_exchange(bridge::PositionSide side) {
  switch (side) {
    case bridge::PositionSide::both: return exchange::PositionSide::both;
    case bridge::PositionSide::long_side: return exchange::PositionSide::long_leg;
    case bridge::PositionSide::short_side: return exchange::PositionSide::short_leg;
  }
  BRIDGE_UNREACHABLE("not a PositionSide");
}

Subscriber::Subscriber(const exchange::SymbolTable& symbols, std::size_t accounts)
    : symbols_(symbols), accounts_(accounts) {
  const std::size_t keys =
      number_of({static_cast<exchange::SymbolId>(symbols.size()), exchange::PositionSide::both});
  for (HeldAccount& account : accounts_) account.topic_of_key.assign(keys, no_topic);
}

void Subscriber::take(const bridge::PositionUpdate& update, AccountIndex account, Instant now) {
  if (update.topic >= positions_.size()) positions_.resize(update.topic + std::size_t{1});
  HeldPosition& held = positions_[update.topic];
  HeldAccount& owner = accounts_[account];
  if (held.seq == 0) {
    const auto symbol = symbols_.find(update.symbol);
    BRIDGE_ASSERT(symbol.has_value());
    held.account = account;
    held.key = {*symbol, to_exchange(update.position_side)};
    held.symbol = update.symbol;
    owner.topics.push_back(update.topic);
    owner.topic_of_key[number_of(held.key)] = update.topic;
  }
  const bool is_open = update.position.is_open();
  const bool opens = is_open && !held.is_open();
  const bool loses_price = held.mark_time && update.mark_price == nullptr;
  const bool becomes_live =
      held.state == bridge::PositionState::stale && update.state == bridge::PositionState::live;
  if (opens || loses_price || becomes_live) held.unpriced_since = now;
  const auto count_open = [&](int one) {
    if (!held.is_open()) return;
    owner.open += one;
    if (held.state == bridge::PositionState::live) owner.open_and_live += one;
  };
  count_open(-1);
  note_open(update.topic, held, is_open);
  // As the bridge's encoder does: what has no new revision is sent as it was the time before.
  if (held.seq == 0 || held.revision != update.revision) {
    held.position = update.position;
    ++owner.changes;
  }
  held.revision = update.revision;
  held.state = update.state;
  count_open(+1);
  held.seq = update.seq;
  held.mark_time.reset();
  if (update.mark_price != nullptr) held.mark_time = update.mark_price->event_time;
  owner.account_seq = update.account_seq;
}

void Subscriber::note_open(std::uint32_t topic, HeldPosition& held, bool is_open) {
  if (is_open == held.is_open()) return;
  if (is_open) {
    held.place_in_open = open_topics_.size();
    open_topics_.push_back(topic);
    return;
  }
  const std::uint32_t last = open_topics_.back();
  open_topics_[held.place_in_open] = last;
  positions_[last].place_in_open = held.place_in_open;
  open_topics_.pop_back();
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
  const std::uint32_t topic = accounts_[account].topic_of_key[number_of(key)];
  return topic == no_topic ? nullptr : &positions_[topic];
}

}  // namespace simulation
