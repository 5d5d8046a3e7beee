#pragma once

#include "tests/exchange/model/time.hpp"

namespace exchange {

/// Whether the exchange compares a request's timestamp with its own clock. A client cannot keep up
/// with a clock that runs many times faster, so scaled time ignores them.
enum class Timestamps { checked, ignored };

/// Sources disagree whether some forms deliver, so a scenario can say.
enum class Delivery { silent, delivers };

/// The exchange's limits and intervals, as the real one has them. A scenario may make them
/// shorter, so that a test sees a 24-hour cut after seconds.
struct Rules {
  UnixMs listen_key_life_ms = hour_ms;
  UnixMs connection_age_max_ms = 24 * hour_ms;
  UnixMs ping_interval_ms = 3 * minute_ms;
  UnixMs pong_timeout_ms = 10 * minute_ms;
  /// Whole seconds. Streams of one and of three seconds tick no more often than this, and prices
  /// move no more often; a minute makes months of simulated time affordable.
  UnixMs mark_price_interval_ms = second_ms;
  int messages_per_second_max = 10;
  int streams_per_connection_max = 1024;
  int weight_per_minute_max = 2400;
  Timestamps timestamps = Timestamps::checked;
  /// An event leaves at most so much later than what it tells of happened.
  UnixMs event_delay_max_ms = 4;
  /// `?listenKey=` without `events=`.
  Delivery without_events = Delivery::delivers;
  /// `/private/ws/<listenKey>`.
  Delivery key_in_path = Delivery::silent;
  /// What LIST_SUBSCRIPTIONS answers: the streams, or always an empty list.
  enum class Listing : std::uint8_t { streams, nothing };
  Listing list_subscriptions = Listing::streams;
  /// How often `listenKeyExpired` comes twice, in percent.
  int expired_twice_percent = 25;
};

}  // namespace exchange
