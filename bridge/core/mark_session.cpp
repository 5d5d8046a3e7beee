#include "bridge/core/mark_session.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/assert.hpp"
#include "bridge/core/limits.hpp"

namespace bridge {
MarkSession::MarkSession(PositionFeed& feed, Settings settings)
    : feed_{feed}, settings_{settings}, backoff_{settings.seed} {}

void MarkSession::start(Now now) {
  BRIDGE_ASSERT(!running_);
  running_ = true;
  open_stream(now);
}

void MarkSession::stop(Now now) {
  if (!running_) return;
  running_ = false;
  retry_at_ = never;
  drop_stream(CloseCause::requested, now);
}

// --- the connection -------------------------------------------------------------------------

void MarkSession::open_stream(Now now) {
  retry_at_ = never;
  life_.opening(now.monotonic);
  effects_.add(effect::OpenMarketStream{++stream_});
}

void MarkSession::start_over(CloseCause cause, const std::string& why, Now now) {
  drop_stream(cause, now);
  const Duration wait = backoff_.next_delay();
  retry_at_ = now.monotonic + wait;
  effects_.log(LogLevel::warn, "mark price stream: " + why + "; connecting again in " +
                                   std::to_string(wait.count() / 1000) + " ms");
}

void MarkSession::drop_stream(CloseCause cause, Now now) {
  if (life_.phase() == StreamLife::Phase::closed) return;
  stream_ended(cause, "the mark price stream is closed", now);
  effects_.add(effect::CloseStream{stream_});
}

void MarkSession::stream_ended(CloseCause cause, const std::string& why, Now now) {
  if (life_.was_stable(now.monotonic)) backoff_.reset();
  const bool was_open = life_.is_open();
  life_.closed();
  subscriptions_.clear();
  control_is_due_ = false;
  first_price_check_ = last_price_at_ = mute_since_ = never;
  metrics_.stream.disconnects[cause].add();
  metrics_.stream.connected.set(false);
  metrics_.subscriptions.set(0);
  if (was_open) feed_.set_mark_connected(false, why, now);
}

void MarkSession::stream_opened(StreamNumber stream, Now now) {
  if (stream != stream_ || life_.phase() != StreamLife::Phase::opening) return;
  life_.opened(now.monotonic);
  metrics_.stream.connects.add();
  metrics_.stream.connected.set(true);
  control_is_due_ = true;
  control_allowed_at_ = now.monotonic;
  effects_.log(LogLevel::info, "mark price stream open");
  feed_.set_mark_connected(true, "the mark price stream is connected", now);
}

void MarkSession::stream_closed(StreamNumber stream, const StreamEnd& reason, Now now) {
  if (stream != stream_ || life_.phase() == StreamLife::Phase::closed) return;
  stream_ended(reason.cause, "the mark price stream was lost: " + reason.text, now);
  start_over(reason.cause, reason.text, now);
}

void MarkSession::stream_alive(StreamNumber stream, Now now) {
  if (stream == stream_) life_.heard(now.monotonic);
}

void MarkSession::stream_prices(StreamNumber stream, std::span<const MarkPriceTick> ticks,
                                Now received) {
  if (!is_current(stream)) return;
  life_.heard(received.monotonic);
  last_price_at_ = received.monotonic;
  if (mute_since_ != never) {
    mute_since_ = never;
    mute_patience_ = limits::mute_stream_patience_min;
  }
  metrics_.stream.events[StreamEvent::mark_price_update].add(ticks.size());
  metrics_.stream.last_event_us.set(to_us(received.wall));
  for (const MarkPriceTick& tick : ticks) feed_.apply(tick, received);
}

void MarkSession::stream_reply(StreamNumber stream, const ControlReply& reply, Now received) {
  if (!is_current(stream)) return;
  life_.heard(received.monotonic);
  metrics_.stream.count(StreamEvent::control_reply, received.wall);
  if (reply.error_code)
    effects_.log(LogLevel::error, "the exchange refuses a subscription (code " +
                                      std::to_string(*reply.error_code) +
                                      "): " + reply.error_message);
}

void MarkSession::stream_event(StreamNumber stream, const OtherEvent& event, Now received) {
  if (!is_current(stream)) return;
  life_.heard(received.monotonic);
  metrics_.stream.count(stream_event_named(event.name), received.wall);
}

// --- time -----------------------------------------------------------------------------------

void MarkSession::wake(Now now) {
  if (!running_) return;
  switch (life_.wake(now.monotonic)) {
    case StreamLife::Due::nothing: break;
    case StreamLife::Due::ping: effects_.add(effect::Ping{stream_}); break;
    case StreamLife::Due::give_up_opening:
      start_over(CloseCause::opening_timeout, "it did not open in time", now);
      break;
    case StreamLife::Due::give_up_silent:
      start_over(CloseCause::silence, "it does not answer pings", now);
      break;
  }
  if (now.monotonic >= retry_at_) open_stream(now);
  if (!life_.is_open()) return;
  check_silence(now);
  if (!life_.is_open()) return;
  check_first_prices(now);
  if (is_demand_new()) {
    followed_revision_ = feed_.held_symbols_revision();
    control_is_due_ = true;
  }
  if (control_is_due_ && now.monotonic >= control_allowed_at_) send_control_message(now);
}

MonotonicTime MarkSession::deadline() const {
  MonotonicTime deadline = std::min(life_.deadline(), retry_at_);
  if (!life_.is_open()) return deadline;
  if (is_demand_new() || control_is_due_) deadline = std::min(deadline, control_allowed_at_);
  if (!subscriptions_.empty()) {
    if (last_price_at_ != never)
      deadline = std::min(deadline, last_price_at_ + settings_.silence_max);
    if (mute_since_ != never) deadline = std::min(deadline, mute_since_ + mute_patience_);
  }
  return std::min(deadline, first_price_check_);
}

void MarkSession::check_silence(Now now) {
  if (subscriptions_.empty()) return;
  if (last_price_at_ != never && now.monotonic - last_price_at_ >= settings_.silence_max) {
    start_over(CloseCause::silence, "it brings no prices any more", now);
  } else if (mute_since_ != never && now.monotonic - mute_since_ >= mute_patience_) {
    mute_patience_ = std::min(mute_patience_ * 2, limits::mute_stream_patience_max);
    start_over(CloseCause::silence, "it has not brought a single price", now);
  }
}

void MarkSession::check_first_prices(Now now) {
  if (now.monotonic < first_price_check_) return;
  first_price_check_ = never;
  for (auto& [symbol, subscription] : subscriptions_) {
    if (subscription.proven) continue;
    const auto id = feed_.symbols().find(symbol);
    subscription.proven = id && feed_.mark_prices().find(*id) != nullptr &&
                          feed_.mark_prices().heard_at(*id) >= subscription.asked_at;
    if (subscription.proven) continue;
    const MonotonicTime due = subscription.asked_at + subscription.patience;
    if (now.monotonic < due) {
      first_price_check_ = std::min(first_price_check_, due);
      continue;
    }
    effects_.log(LogLevel::warn, "no mark price for " + symbol + " since " +
                                     std::to_string(subscription.patience.count() / 1'000'000) +
                                     " s; asking for it again");
    subscription.patience = std::min(subscription.patience * 2, limits::first_price_timeout_max);
    subscription.ask_again = control_is_due_ = true;
  }
}

void MarkSession::send_control_message(Now now) {
  using Method = effect::ChangeSubscriptions::Method;
  if (auto symbols = symbols_to_subscribe(); !symbols.empty()) {
    // What came before nobody was interested says nothing about the silence since.
    if (subscriptions_.empty()) {
      last_price_at_ = never;
      mute_since_ = now.monotonic;
    }
    for (const std::string& symbol : symbols) {
      const auto [place, is_new] = subscriptions_.try_emplace(symbol);
      Subscription& subscription = place->second;
      if (is_new) subscription.patience = limits::first_price_timeout;
      subscription.ask_again = false;
      subscription.asked_at = now.monotonic;
      first_price_check_ = std::min(first_price_check_, now.monotonic + subscription.patience);
    }
    send(Method::subscribe, std::move(symbols), now);
  } else if (auto unwanted = symbols_to_unsubscribe(); !unwanted.empty()) {
    for (const std::string& symbol : unwanted) subscriptions_.erase(symbol);
    send(Method::unsubscribe, std::move(unwanted), now);
  } else {
    control_is_due_ = false;
  }
  metrics_.subscriptions.set(subscriptions_.size());
}

void MarkSession::send(effect::ChangeSubscriptions::Method method, std::vector<std::string> symbols,
                       Now now) {
  control_allowed_at_ = now.monotonic + limits::control_message_interval;
  effects_.add(effect::ChangeSubscriptions{.stream = stream_,
                                           .id = ++last_control_id_,
                                           .method = method,
                                           .symbols = std::move(symbols)});
}

std::vector<std::string> MarkSession::symbols_to_subscribe() const {
  std::vector<std::string> symbols;
  const std::size_t room = limits::streams_per_connection_max - subscriptions_.size();
  const std::size_t most = std::min(room, limits::symbols_per_control_message_max);
  for (const std::string& symbol : feed_.held_symbols()) {
    if (symbols.size() == most) break;
    const auto found = subscriptions_.find(symbol);
    if (found == subscriptions_.end() || found->second.ask_again) symbols.push_back(symbol);
  }
  return symbols;
}

std::vector<std::string> MarkSession::symbols_to_unsubscribe() const {
  std::vector<std::string> symbols;
  for (const auto& [symbol, subscription] : subscriptions_) {
    if (symbols.size() == limits::symbols_per_control_message_max) break;
    if (!feed_.held_symbols().contains(symbol)) symbols.push_back(symbol);
  }
  return symbols;
}

}  // namespace bridge
