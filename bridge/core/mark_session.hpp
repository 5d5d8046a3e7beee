#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bridge/core/backoff.hpp"
#include "bridge/core/effects.hpp"
#include "bridge/core/exchange_events.hpp"
#include "bridge/core/limits.hpp"
#include "bridge/core/position_feed.hpp"
#include "bridge/core/stream_life.hpp"
#include "bridge/core/stream_metrics.hpp"

namespace bridge {

// Keeps one connection on which the mark prices of all symbols arrive that any account of an
// environment holds: subscribes when the first position of a symbol opens, unsubscribes when the
// last one closes, and subscribes anew after every reconnection, since the exchange forgets.
//
// An acknowledged subscription proves nothing: unknown symbols and wrong routes are acknowledged
// too. Only a price does, so a symbol without one is asked for again, at growing intervals.
class MarkSession {
 public:
  struct Settings {
    // How long the connection may bring no price after it has brought some.
    Duration silence_max{};
    std::uint64_t seed = 0;
  };

  MarkSession(PositionFeed& feed, Settings settings);

  void start(Now now);
  void stop(Now now);

  void stream_opened(StreamNumber stream, Now now);
  void stream_closed(StreamNumber stream, const StreamEnd& reason, Now now);
  void stream_alive(StreamNumber stream, Now now);
  void stream_prices(StreamNumber stream, std::span<const MarkPriceTick> ticks, Now received);
  void stream_reply(StreamNumber stream, const ControlReply& reply, Now received);
  void stream_event(StreamNumber stream, const OtherEvent& event, Now received);
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
  // A symbol that the exchange was asked for on this connection.
  struct Subscription {
    MonotonicTime asked_at;
    Duration patience{};  // how long to wait for the first price
    bool proven = false;
    bool ask_again = false;
  };

  void open_stream(Now now);
  void start_over(CloseCause cause, const std::string& why, Now now);
  void drop_stream(CloseCause cause, Now now);
  void stream_ended(CloseCause cause, const std::string& why, Now now);
  bool is_current(StreamNumber stream) const { return stream == stream_ && life_.is_open(); }
  bool is_demand_new() const { return feed_.held_symbols_revision() != followed_revision_; }

  void check_silence(Now now);
  void check_first_prices(Now now);
  void send_control_message(Now now);
  void send(effect::ChangeSubscriptions::Method method, std::vector<std::string> symbols, Now now);
  std::vector<std::string> symbols_to_subscribe() const;
  std::vector<std::string> symbols_to_unsubscribe() const;

  PositionFeed& feed_;
  const Settings settings_;
  Effects effects_;
  Metrics metrics_;
  Backoff backoff_;

  bool running_ = false;
  StreamNumber stream_ = 0;
  StreamLife life_;
  MonotonicTime retry_at_ = never;

  std::map<std::string, Subscription, std::less<>> subscriptions_;
  std::uint64_t followed_revision_ = 0;
  bool control_is_due_ = false;       // the exchange and the held symbols do not agree yet
  MonotonicTime control_allowed_at_;  // the rate limit of control messages
  std::uint64_t last_control_id_ = 0;
  MonotonicTime first_price_check_ = never;
  // When the last price came on this connection; never before the first.
  MonotonicTime last_price_at_ = never;
  // While subscribed and without a first price: since when; and how long that may go on. It may be
  // the connection, or the symbols that are held: so the patience grows with every connection that
  // stays mute, and a single price ends the doubt.
  MonotonicTime mute_since_ = never;
  Duration mute_patience_ = limits::mute_stream_patience_min;
};

}  // namespace bridge
