#include "tests/exchange/model/exchange.hpp"

#include <algorithm>
#include <utility>

#include "tests/exchange/model/trader.hpp"

namespace exchange {

Exchange::Exchange(const Scenario& scenario, UnixMs start)
    : world_(scenario, start),
      feed_(world_),
      schedule_(scenario.faults),
      random_faults_(scenario.random_faults, scenario.seed, start),
      trading_enabled_(scenario.trading_enabled),
      ticked_second_(start / second_ms),
      next_funding_at_(world_.next_funding(start)) {
  std::stable_sort(schedule_.begin(), schedule_.end(), [](const auto& left, const auto& right) {
    return left.after_ms < right.after_ms;
  });
  for (const AccountSetup& setup : scenario.accounts) add_account(setup, start);
}

Exchange::~Exchange() = default;

std::vector<Effect> Exchange::take_effects() {
  return std::exchange(effects_, {});
}

// A tick leaves up to three milliseconds after its second, as the exchange's do.
UnixMs Exchange::next_tick_at() const {
  if (mark_price_connections_ == 0) return never_ms;
  const std::int64_t interval_s = world_.rules.mark_price_interval_ms / second_ms;
  const std::int64_t second = (ticked_second_ / interval_s + 1) * interval_s;
  const UnixMs lateness = second % 5 == 0 ? second % 4 : 0;
  return second * second_ms + lateness;
}

UnixMs Exchange::next_deadline() const {
  UnixMs deadline = std::min({next_tick_at(), next_funding_at_, next_key_check_at_,
                              next_connection_check_at_, random_faults_.next_at()});
  if (!departures_.empty()) deadline = std::min(deadline, departures_.begin()->first);
  if (!deliveries_.empty()) deadline = std::min(deadline, deliveries_.begin()->first);
  if (trading_enabled_ && !actions_.empty()) deadline = std::min(deadline, actions_.top().first);
  if (schedule_position_ < schedule_.size()) {
    deadline = std::min(deadline, world_.started + schedule_[schedule_position_].after_ms);
  }
  return deadline;
}

void Exchange::advance(UnixMs now) {
  for (UnixMs due = next_deadline(); due <= now; due = next_deadline()) run_due(due);
}

void Exchange::run_faults(UnixMs now) {
  while (schedule_position_ < schedule_.size() &&
         world_.started + schedule_[schedule_position_].after_ms <= now) {
    const std::size_t next = schedule_position_++;
    take_effect(schedule_[next].fault, now);
  }
  if (random_faults_.next_at() > now) return;
  std::vector<std::string> accounts;
  for (const auto& member : world_.members) accounts.push_back(member->name);
  std::vector<std::string> symbols;
  for (std::size_t index = 0; index < world_.symbols.size(); ++index) {
    symbols.emplace_back(world_.symbols[static_cast<SymbolId>(index)].name);
  }
  while (random_faults_.next_at() <= now) take_effect(random_faults_.draw(accounts, symbols), now);
}

void Exchange::run_due(UnixMs now) {
  depart_due(now);
  run_faults(now);
  if (next_key_check_at_ <= now) expire_keys(now);
  if (next_funding_at_ <= now) {
    next_funding_at_ = world_.next_funding(now);
    settle_funding(now);
  }
  if (trading_enabled_) act(now);
  deliver_due(now);
  if (next_tick_at() <= now) tick(now);
  if (next_connection_check_at_ <= now) check_connections(now);
}

void Exchange::depart_due(UnixMs now) {
  while (!departures_.empty() && departures_.begin()->first <= now) {
    auto node = departures_.extract(departures_.begin());
    // What was on its way over a connection that has ended is lost.
    const Connection* const connection = find(node.mapped().connection);
    if (connection == nullptr || connection->is_silenced()) continue;
    effects_.push_back(std::move(node.mapped()));
  }
}

void Exchange::deliver_due(UnixMs now) {
  while (!deliveries_.empty() && deliveries_.begin()->first <= now) {
    const auto node = deliveries_.extract(deliveries_.begin());
    const Delivery& delivery = node.mapped();
    const std::string* const key = delivery.member->listen_key.valid(now);
    if (key != nullptr) deliver(*delivery.member, *key, delivery.event, now);
  }
}

void Exchange::tick(UnixMs now) {
  const std::int64_t last_second = std::exchange(ticked_second_, now / second_ms);
  feed_.begin_tick(now);
  for (auto& [id, connection] : connections_) {
    if (!connection.is_silenced()) tick_connection(connection, last_second, now);
  }
}

void Exchange::tick_connection(Connection& connection, std::int64_t last_second, UnixMs now) {
  for (const MarketSubscription& stream : connection.market_streams()) {
    if (stream.kind == StreamKind::dead) continue;
    // Whether a multiple of the stream's interval lies between the last tick and this one.
    if (ticked_second_ / stream.interval_s == last_second / stream.interval_s) continue;
    for (const SharedText& frame : feed_.frames(stream, connection.framing())) {
      emit_data(connection, frame, now);
    }
  }
}

void Exchange::expire_keys(UnixMs now, int times) {
  next_key_check_at_ = never_ms;
  for (const auto& member : world_.members) {
    if (const std::optional<std::string> key = member->listen_key.take_expired(now)) {
      const UserEvent event = listen_key_expired_event(*key, world_.clock(now));
      const auto percent = static_cast<std::uint64_t>(world_.rules.expired_twice_percent);
      const int by_rule = member->random.below(100) < percent ? 2 : 1;
      for (int left = times == 0 ? by_rule : times; left > 0; --left) {
        deliver(*member, *key, event, now);
      }
    }
    next_key_check_at_ = std::min(next_key_check_at_, member->listen_key.expires_at());
  }
}

void Exchange::check_connections(UnixMs now) {
  std::vector<ConnectionId> too_old;
  std::vector<ConnectionId> unanswered;
  next_connection_check_at_ = never_ms;
  for (auto& [id, connection] : connections_) {
    if (connection.too_old(now)) {
      too_old.push_back(id);
    } else if (connection.pong_overdue(now)) {
      unanswered.push_back(id);
    } else {
      if (connection.ping_due(now)) {
        const std::string payload = connection.start_ping(now);
        emit(connection, EffectKind::ping, std::make_shared<const std::string>(payload), now);
      }
      next_connection_check_at_ = std::min(next_connection_check_at_, connection.deadline());
    }
  }
  for (const ConnectionId id : too_old) end(id, EffectKind::close, 1001, "");
  for (const ConnectionId id : unanswered) {
    world_.statistics.broke(Violation::pong_missing);
    end(id, EffectKind::drop, 0, "");
  }
}

void Exchange::act(UnixMs now) {
  while (!actions_.empty() && actions_.top().first <= now) {
    const std::size_t index = actions_.top().second;
    actions_.pop();
    Member& member = *world_.members[index];
    if (const std::optional<TradeOrder> order = choose_order(world_, member, now)) {
      execute(member, *order, now);
    }
    actions_.emplace(next_action_at(member, now), index);
  }
}

Connection* Exchange::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

void Exchange::emit(Connection& connection, EffectKind kind, SharedText payload, UnixMs now) {
  if (connection.is_silenced()) return;
  ++world_.statistics.frames_out;
  const auto meets = [&](const Fault& fault) { return matches(fault, connection); };
  const Fault* const slow = world_.faults.strike(FaultKind::slow, now, meets);
  const UnixMs at = connection.take_turn(slow == nullptr ? now : now + slow->delay_ms);
  Effect effect{.connection = connection.id(), .kind = kind, .payload = std::move(payload)};
  if (at <= now) {
    effects_.push_back(std::move(effect));
  } else {
    departures_.emplace(at, std::move(effect));
  }
}

void Exchange::emit_data(Connection& connection, SharedText payload, UnixMs now) {
  if (connection.is_muted()) return;
  FaultPlan& faults = world_.faults;
  const auto meets = [&](const Fault& fault) { return matches(fault, connection); };
  if (const Fault* const fault = faults.strike(FaultKind::malformed_frames, now, meets)) {
    auto spoilt =
        std::make_shared<const std::string>(malformed(*payload, fault->form, faults.random()));
    const bool replaces = fault->form != Malformation::unknown_event;
    emit(connection, EffectKind::text, std::move(spoilt), now);
    if (replaces) return;
  }
  emit(connection, EffectKind::text, std::move(payload), now);
}

void Exchange::end(ConnectionId id, EffectKind kind, int code, std::string_view reason) {
  const Connection* const connection = find(id);
  const bool silenced = connection != nullptr && connection->is_silenced();
  effects_.push_back({.connection = id,
                      .kind = silenced ? EffectKind::drop : kind,
                      .payload = std::make_shared<const std::string>(reason),
                      .close_code = code});
  forget(id);
}

void Exchange::forget(ConnectionId id) {
  Connection* const connection = find(id);
  if (connection == nullptr) return;
  for (const UserSubscription& user : connection->user_streams()) {
    const auto found = connections_by_key_.find(user.listen_key);
    if (found == connections_by_key_.end()) continue;
    std::erase(found->second, id);
    if (found->second.empty()) connections_by_key_.erase(found);
  }
  if (connection->takes_mark_prices()) --mark_price_connections_;
  connections_.erase(id);
}

/// Enters a connection's streams where deliveries look for them.
void Exchange::refresh(const Connection& connection) {
  for (const UserSubscription& user : connection.user_streams()) {
    std::vector<ConnectionId>& listeners = connections_by_key_[user.listen_key];
    if (std::find(listeners.begin(), listeners.end(), connection.id()) == listeners.end()) {
      listeners.push_back(connection.id());
    }
  }
}

bool Exchange::has_listener(const Member& member, UnixMs now) const {
  const std::string* const key = member.listen_key.valid(now);
  return key != nullptr && connections_by_key_.contains(*key);
}

/// Whether making an event of this type is worth the trouble.
bool Exchange::is_wanted(const Member& member, std::string_view event_type, UnixMs now) const {
  const std::string* const key = member.listen_key.valid(now);
  if (key == nullptr) return false;
  const auto found = connections_by_key_.find(*key);
  if (found == connections_by_key_.end()) return false;
  const auto wants = [event_type](const UserSubscription& user) { return user.wants(event_type); };
  return std::any_of(found->second.begin(), found->second.end(), [&](ConnectionId id) {
    const std::vector<UserSubscription>& users = connections_.at(id).user_streams();
    return std::any_of(users.begin(), users.end(), wants);
  });
}

void Exchange::send_later(Member& member, UserEvent event) {
  deliveries_.emplace(member.last_event_at, Delivery{&member, std::move(event)});
}

void Exchange::deliver(const Member& member, const std::string& listen_key, const UserEvent& event,
                       UnixMs now) {
  if (world_.faults.loses_event(member.name, event.type, now)) return;
  send_to_listeners(listen_key, event, now);
  if (world_.faults.duplicates_event(member.name, event.type, now)) {
    send_to_listeners(listen_key, event, now);
  }
}

void Exchange::send_to_listeners(const std::string& listen_key, const UserEvent& event,
                                 UnixMs now) {
  const auto found = connections_by_key_.find(listen_key);
  if (found == connections_by_key_.end()) return;
  SharedText raw;
  for (const ConnectionId id : found->second) {
    Connection& connection = connections_.at(id);
    for (const UserSubscription& user : connection.user_streams()) {
      if (user.listen_key != listen_key || !user.wants(event.type)) continue;
      ++world_.statistics.user_events;
      if (connection.framing() == Framing::raw) {
        if (!raw) raw = std::make_shared<const std::string>(event.text);
        emit_data(connection, raw, now);
        continue;
      }
      std::string stream = user.listen_key;
      if (user.named_in_query) stream.append("@").append(event.type);
      const std::string text = "{\"stream\":\"" + stream + "\",\"data\":" + event.text + "}";
      emit_data(connection, std::make_shared<const std::string>(text), now);
    }
  }
}

}  // namespace exchange
