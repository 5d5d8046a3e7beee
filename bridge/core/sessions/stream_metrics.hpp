#pragma once

#include <cstdint>
#include <string_view>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What streams bring, in the words of position_bridge_stream_events_total; a closed set, so that no
// exchange can fill the metrics with labels.
enum class StreamEvent : std::uint8_t {
  account_update,
  account_config_update,
  margin_call,
  order_trade_update,
  trade_lite,
  listen_key_expired,
  mark_price_update,
  control_reply,
  other,
};
constexpr int stream_event_count = 9;

std::string_view to_string(StreamEvent event);
// From the exchange's own name of an event.
StreamEvent stream_event_named(std::string_view name);

// Written by the session of a stream, read by the metrics thread.
struct StreamMetrics {
  Gauge<bool> connected;
  Counter connects;
  Counters<CloseCause, close_cause_count> disconnects;
  Counters<StreamEvent, stream_event_count> events;
  Gauge<std::int64_t> last_event_us;  // wall time of the last event; 0 before the first

  void count(StreamEvent event, WallTime received) {
    events[event].add();
    last_event_us.set(to_us(received));
  }
};

}  // namespace bridge
