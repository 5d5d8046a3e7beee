#include "bridge/core/sessions/mark_session.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

// How often a successor is looked at: prices come once a second at best.
constexpr Duration caught_up_interval = std::chrono::seconds{1};
constexpr std::uint64_t rotation_salt = 0x726f'7461'7465'0000U;

}  // namespace

MarkSession::MarkSession(PositionFeed& feed, ConnectionPacer& pacer, Settings settings)
    : feed_{feed},
      pacer_{pacer},
      settings_{settings},
      backoff_{settings.seed},
      random_{settings.seed ^ rotation_salt} {}

void MarkSession::start(Now now) {
  BRIDGE_ASSERT(!running_);
  running_ = true;
  open(serving_, now);
}

void MarkSession::stop(Now now) {
  if (!running_) return;
  running_ = false;
  first_prices_.stop();
  retry_at_ = successor_due_ = never;
  if (has_successor()) abandon_rotation(CloseCause::requested, {}, now);
  if (serving_.number == 0) return;
  close(serving_, CloseCause::requested, now);
  feed_.set_mark_connected(false, "the mark price stream is closed", now);
}

// --- connections ----------------------------------------------------------------------------

MarkSession::Connection* MarkSession::find(StreamNumber stream) {
  if (stream == 0) return nullptr;
  if (stream == serving_.number) return &serving_;
  return stream == successor_.number ? &successor_ : nullptr;
}

MarkSession::Connection* MarkSession::find_open(StreamNumber stream) {
  Connection* const connection = find(stream);
  return connection != nullptr && connection->life.is_open() ? connection : nullptr;
}

// All accounts wait for it, so it takes a place among the connections without waiting for its turn.
void MarkSession::open(Connection& connection, Now now) {
  pacer_.reserve(now.monotonic);
  connection = Connection{.number = ++last_number_, .life = {}, .subscriptions = {}};
  connection.life.opening(now.monotonic);
  effects_.add(effect::OpenMarketStream{connection.number});
}

void MarkSession::close(Connection& connection, CloseCause cause, Now now) {
  if (is_serving(connection)) {
    if (connection.life.was_stable(now.monotonic)) backoff_.reset();
    mute_since_ = never;
    metrics_.stream.connected.set(false);
    metrics_.subscriptions.set(0);
  }
  metrics_.stream.disconnects[cause].add();
  effects_.add(effect::CloseStream{connection.number});
  connection = {};
}

void MarkSession::failed(Connection& connection, CloseCause cause, const std::string& why,
                         Now now) {
  if (!is_serving(connection)) {
    abandon_rotation(cause, why, now);
  } else if (successor_.life.is_open()) {
    effects_.log(LogLevel::warn, "mark price stream: " + why + "; its successor goes on");
    promote(cause, now);
  } else {
    start_over(cause, why, now);
  }
}

void MarkSession::start_over(CloseCause cause, const std::string& why, Now now) {
  if (has_successor()) abandon_rotation(cause, {}, now);
  const bool was_open = serving_.life.is_open();
  close(serving_, cause, now);
  successor_due_ = never;
  const Duration wait = backoff_.next_delay();
  retry_at_ = now.monotonic + wait;
  effects_.log(LogLevel::warn, "mark price stream: " + why + "; connecting again in " +
                                   std::to_string(wait.count() / 1000) + " ms");
  if (was_open) feed_.set_mark_connected(false, "the mark price stream was lost: " + why, now);
}

void MarkSession::stream_opened(StreamNumber stream, Now now) {
  Connection* const connection = find(stream);
  if (connection == nullptr || connection->life.phase() != StreamLife::Phase::opening) return;
  const Duration age =
      limits::rotation_age - limits::rotation_jitter + random_.up_to(limits::rotation_jitter * 2);
  connection->life.opened(now.monotonic, now.monotonic + age);
  connection->subscriptions.begin(settings_.mode, now);
  metrics_.stream.connects.add();
  if (!is_serving(*connection)) {
    caught_up_check_ = now.monotonic + caught_up_interval;
    return;
  }
  metrics_.stream.connected.set(true);
  effects_.log(LogLevel::info, "mark price stream open");
  feed_.set_mark_connected(true, "the mark price stream is connected", now);
}

void MarkSession::stream_closed(StreamNumber stream, const StreamEnd& reason, Now now) {
  if (Connection* const connection = find(stream))
    failed(*connection, reason.cause, reason.text, now);
}

void MarkSession::stream_alive(StreamNumber stream, Now now) {
  if (Connection* const connection = find(stream)) connection->life.heard(now.monotonic);
}

void MarkSession::stream_prices(StreamNumber stream, std::span<const MarkPriceTick> ticks,
                                Now received) {
  Connection* const connection = find_open(stream);
  if (connection == nullptr) return;
  connection->life.heard(received.monotonic);
  connection->last_price_at = received.monotonic;
  if (is_serving(*connection)) {
    if (mute_since_ != never) {
      mute_since_ = never;
      mute_patience_ = limits::mute_stream_patience_min;
    }
    metrics_.stream.events[StreamEvent::mark_price_update].add(ticks.size());
    metrics_.stream.last_event_us.set(to_us(received.wall));
  } else {
    for (const MarkPriceTick& tick : ticks) connection->subscriptions.note_price(tick.symbol);
  }
  for (const MarkPriceTick& tick : ticks) feed_.apply(tick, received);
}

void MarkSession::stream_reply(StreamNumber stream, const ControlReply& reply, Now received) {
  Connection* const connection = find_open(stream);
  if (connection == nullptr) return;
  connection->life.heard(received.monotonic);
  metrics_.stream.count(StreamEvent::control_reply, received.wall);
  if (reply.error_code)
    effects_.log(LogLevel::error, "the exchange refuses a subscription (code " +
                                      std::to_string(*reply.error_code) +
                                      "): " + reply.error_message);
}

void MarkSession::stream_event(StreamNumber stream, const OtherEvent& event, Now received) {
  Connection* const connection = find_open(stream);
  if (connection == nullptr) return;
  connection->life.heard(received.monotonic);
  metrics_.stream.count(stream_event_named(event.name), received.wall);
}

// --- rotation -------------------------------------------------------------------------------

void MarkSession::begin_rotation(Now now) {
  successor_due_ = never;
  rotation_gives_up_at_ = now.monotonic + limits::rotation_patience;
  open(successor_, now);
}

void MarkSession::abandon_rotation(CloseCause cause, const std::string& why, Now now) {
  close(successor_, cause, now);
  rotation_gives_up_at_ = caught_up_check_ = never;
  if (why.empty()) return;
  effects_.log(LogLevel::warn,
               "mark price stream: its successor failed (" + why + "); trying again later");
  serving_.life.rotate_later(now.monotonic + limits::rotation_retry +
                             random_.up_to(limits::rotation_retry));
}

void MarkSession::promote(CloseCause cause, Now now) {
  close(serving_, cause, now);
  serving_ = std::exchange(successor_, {});
  rotation_gives_up_at_ = caught_up_check_ = successor_due_ = never;
  metrics_.stream.connected.set(true);
  metrics_.subscriptions.set(serving_.subscriptions.count());
  if (serving_.last_price_at == never && !serving_.subscriptions.is_empty())
    mute_since_ = now.monotonic;
}

bool MarkSession::has_caught_up(Now now) const {
  if (!successor_.subscriptions.is_settled(feed_)) return false;
  const auto& held = feed_.held_symbols();
  return std::all_of(held.begin(), held.end(), [&](const std::string& symbol) {
    if (successor_.subscriptions.has_brought(symbol)) return true;
    // What does not tick on the serving connection either is not waited for.
    const auto id = feed_.symbols().find(symbol);
    return !id || feed_.mark_prices().find(*id) == nullptr ||
           feed_.mark_prices().streamed_at(*id) < now.monotonic - settings_.silence_max;
  });
}

// --- time -----------------------------------------------------------------------------------

void MarkSession::wake(Now now) {
  if (!running_) return;
  wake(serving_, now);
  if (has_successor()) wake(successor_, now);
  wake_rotation(now);
  first_prices_.wake(feed_, now, effects_);
  if (now.monotonic >= retry_at_) {
    retry_at_ = never;
    open(serving_, now);
  }
}

void MarkSession::wake(Connection& connection, Now now) {
  switch (connection.life.wake(now.monotonic)) {
    case StreamLife::Due::nothing: break;
    case StreamLife::Due::ping: effects_.add(effect::Ping{connection.number}); break;
    case StreamLife::Due::rotate: successor_due_ = now.monotonic; break;
    case StreamLife::Due::give_up_opening:
      return failed(connection, CloseCause::opening_timeout, "it did not open in time", now);
    case StreamLife::Due::give_up_silent:
      return failed(connection, CloseCause::silence, "it does not answer pings", now);
  }
  if (!connection.life.is_open()) return;
  using Proof = MarkSubscriptions::Proof;
  const bool serves = is_serving(connection);
  if (serves) {
    check_silence(now);
    if (!connection.life.is_open()) return;
  }
  MarkSubscriptions& subscriptions = connection.subscriptions;
  subscriptions.check_first_prices(feed_, serves ? Proof::seen_by_feed : Proof::noted, now,
                                   effects_);
  const bool was_empty = subscriptions.is_empty();
  if (auto message = subscriptions.next_message(feed_, now, effects_)) {
    message->stream = connection.number;
    message->id = ++last_control_id_;
    effects_.add(*std::move(message));
  }
  if (!serves) return;
  // What came before anybody was interested says nothing about the silence since.
  if (was_empty && !subscriptions.is_empty()) {
    connection.last_price_at = never;
    mute_since_ = now.monotonic;
  }
  metrics_.subscriptions.set(subscriptions.count());
}

void MarkSession::wake_rotation(Now now) {
  if (now.monotonic >= successor_due_) begin_rotation(now);
  if (now.monotonic >= caught_up_check_) {
    caught_up_check_ = now.monotonic + caught_up_interval;
    if (has_caught_up(now)) {
      effects_.log(LogLevel::info,
                   "mark price stream rotated: a younger connection has taken over");
      promote(CloseCause::rotated, now);
    }
  }
  if (now.monotonic >= rotation_gives_up_at_)
    abandon_rotation(CloseCause::opening_timeout, "it did not bring all prices in time", now);
}

void MarkSession::check_silence(Now now) {
  if (now.monotonic < silence_deadline()) return;
  if (serving_.last_price_at != never) {
    failed(serving_, CloseCause::silence, "it brings no prices any more", now);
  } else {
    mute_patience_ = std::min(mute_patience_ * 2, limits::mute_stream_patience_max);
    failed(serving_, CloseCause::silence, "it has not brought a single price", now);
  }
}

MonotonicTime MarkSession::silence_deadline() const {
  if (serving_.subscriptions.is_empty()) return never;
  if (serving_.last_price_at != never) return serving_.last_price_at + settings_.silence_max;
  return mute_since_ == never ? never : mute_since_ + mute_patience_;
}

MonotonicTime MarkSession::deadline() const {
  MonotonicTime deadline =
      std::min({serving_.life.deadline(), successor_.life.deadline(), retry_at_, successor_due_,
                rotation_gives_up_at_, caught_up_check_});
  if (running_) deadline = std::min(deadline, first_prices_.deadline(feed_));
  for (const Connection* connection : {&serving_, &successor_}) {
    if (connection->life.is_open())
      deadline = std::min(deadline, connection->subscriptions.deadline(feed_));
  }
  return serving_.life.is_open() ? std::min(deadline, silence_deadline()) : deadline;
}

}  // namespace bridge
