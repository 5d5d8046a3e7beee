#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "bridge/core/time.hpp"

// Every bound of the bridge that no configuration sets, by name, with the reason for its size.
namespace bridge::limits {

using namespace std::chrono_literals;

// A listen key lives 60 minutes from its last renewal; half of that leaves room for retries.
constexpr Duration listen_key_renewal_interval = 30min;
constexpr Duration listen_key_renewal_retry_min = 60s;
constexpr Duration listen_key_renewal_retry_max = 240s;

// From asking for a connection until its WebSocket handshake is done.
constexpr Duration stream_open_timeout = 15s;
// The exchange counts pings among the 10 messages a second that it takes; one in 20 s is nothing.
constexpr Duration stream_ping_interval = 20s;
// Our pings bring a pong every 20 s, so three missed ones mean that the connection is dead.
constexpr Duration stream_silence_max = 70s;

constexpr Duration backoff_base = 1s;
constexpr Duration backoff_max = 60s;
// Only a connection that held so long is taken as a sign that the trouble is over.
constexpr Duration backoff_stable_after = 60s;

constexpr Duration rest_timeout = 10s;
// The exchange bans an address for two minutes to three days.
constexpr Duration ban_max = 72h;
// REST may answer from a state that is somewhat older than what the stream has already said.
constexpr Duration rest_lag_max = 2s;
constexpr Duration clock_sync_interval = 10min;
constexpr Duration clock_sync_retry = 2s;
// The time in an answer that took longer is not of much use; ask again soon.
constexpr Duration clock_answer_slow = 500ms;
// A reconcile that met changes in flight is repeated after so long.
constexpr Duration reconcile_recheck_delay = 5s;

// Events that wait for the snapshot. An account that trades faster than this through one REST round
// trip is synchronized anew.
constexpr std::size_t sync_buffer_max = 10'000;

// The exchange closes a connection that sends more than 10 messages a second; half of it is ours.
constexpr Duration control_message_interval = 200ms;
// The exchange took 200 names in one SUBSCRIBE.
constexpr std::size_t symbols_per_control_message_max = 200;
// The 1,025th stream of a connection closes it.
constexpr std::size_t streams_per_connection_max = 1024;
// Every well-formed SUBSCRIBE is acknowledged, also one that never brings a price; then ask again.
constexpr Duration first_price_timeout = 10s;
constexpr Duration first_price_timeout_max = 10min;
// A connection that brings nothing at all may be deaf itself.
constexpr Duration mute_stream_patience_min = 20s;
constexpr Duration mute_stream_patience_max = 10min;

}  // namespace bridge::limits
