#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/mark_price_mode.hpp"
#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/limits/connection_pacer.hpp"
#include "bridge/core/limits/limits.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/sessions/first_prices.hpp"
#include "bridge/core/sessions/mark_subscriptions.hpp"
#include "bridge/core/sessions/stream_life.hpp"
#include "bridge/core/sessions/stream_metrics.hpp"

namespace bridge {

// Keeps one connection on which the mark prices of all symbols arrive that any account of an
// environment holds, and replaces it before the exchange cuts it: the successor takes over when it
// has brought a price of every held symbol that the serving one brings.
class MarkSession {
 public:
  struct Settings {
    MarkPriceMode mode = MarkPriceMode::per_symbol;
    // How long the connection may bring no price after it has brought some.
    Duration silence_max{};
    std::uint64_t seed = 0;
  };

  // All references outlive the session.
  MarkSession(PositionFeed& feed, ConnectionPacer& pacer, Settings settings);

  void start(Now now);
  void stop(Now now);

  void stream_opened(StreamNumber stream, Now now);
  void stream_closed(StreamNumber stream, const StreamEnd& reason, Now now);
  void stream_alive(StreamNumber stream, Now now);
  void stream_prices(StreamNumber stream, std::span<const MarkPriceTick> ticks, Now received);
  void stream_reply(StreamNumber stream, const ControlReply& reply, Now received);
  void stream_event(StreamNumber stream, const OtherEvent& event, Now received);
  // Of a request for a first price.
  bool awaits(RequestNumber request) const { return first_prices_.awaits(request); }
  void answer(RequestNumber request, const RestReply& reply, Now now) {
    first_prices_.answer(request, reply, feed_, now);
  }
  void wake(Now now);
  // In the past when the held symbols changed since the last wake().
  MonotonicTime deadline() const;

  Effects& effects() { return effects_; }

  struct Metrics {
    StreamMetrics stream;
    Gauge<std::uint64_t> subscriptions;
  };
  const Metrics& metrics() const { return metrics_; }

 private:
  struct Connection {
    StreamNumber number = 0;  // 0: none
    StreamLife life;
    MarkSubscriptions subscriptions;
    // When the last price came on this connection; never before the first.
    MonotonicTime last_price_at = never;
  };

  Connection* find(StreamNumber stream);
  Connection* find_open(StreamNumber stream);
  bool has_successor() const { return successor_.number != 0; }
  bool is_serving(const Connection& connection) const { return &connection == &serving_; }
  void open(Connection& connection, Now now);
  void close(Connection& connection, CloseCause cause, Now now);
  void failed(Connection& connection, CloseCause cause, const std::string& why, Now now);
  void start_over(CloseCause cause, const std::string& why, Now now);

  void begin_rotation(Now now);
  void abandon_rotation(CloseCause cause, const std::string& why, Now now);
  void promote(CloseCause cause, Now now);
  // Whether the successor brings all that the serving connection does.
  bool has_caught_up(Now now) const;

  void wake(Connection& connection, Now now);
  void wake_rotation(Now now);
  void check_silence(Now now);
  MonotonicTime silence_deadline() const;

  PositionFeed& feed_;
  ConnectionPacer& pacer_;
  const Settings settings_;
  Effects effects_;
  Metrics metrics_;
  Backoff backoff_;
  Random random_;
  FirstPrices first_prices_;

  bool running_ = false;
  StreamNumber last_number_ = 0;
  std::uint64_t last_control_id_ = 0;
  Connection serving_;
  Connection successor_;
  MonotonicTime retry_at_ = never;
  MonotonicTime successor_due_ = never;
  MonotonicTime rotation_gives_up_at_ = never;
  MonotonicTime caught_up_check_ = never;

  // While subscribed and without a first price: since when; and how long that may go on. It may be
  // the connection, or the symbols that are held: so the patience grows with every connection that
  // stays mute, and a single price ends the doubt.
  MonotonicTime mute_since_ = never;
  Duration mute_patience_ = limits::mute_stream_patience_min;
};

}  // namespace bridge
