#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "bridge/core/values/time.hpp"

// Every bound of the bridge that no configuration sets, by name, with the reason for its size.
namespace bridge::limits {

using namespace std::chrono_literals;

// A listen key lives 60 minutes from its last renewal; half of that leaves room for retries. When
// exactly is drawn anew each time, so that many accounts do not renew together.
constexpr Duration listen_key_life = 60min;
constexpr Duration listen_key_renewal_min = 25min;
constexpr Duration listen_key_renewal_max = 30min;
constexpr Duration listen_key_renewal_retry_min = 60s;
constexpr Duration listen_key_renewal_retry_max = 240s;

// From asking for a connection until its WebSocket handshake is done.
constexpr Duration stream_open_timeout = 15s;
// The exchange counts pings among the 10 messages a second that it takes, so it is asked only when
// nothing came for so long.
constexpr Duration stream_ping_interval = 30s;
// Nothing came, not even an answer to two pings: the connection is dead.
constexpr Duration stream_silence_max = 70s;
// LIST_SUBSCRIPTIONS shows that the server still answers for this connection and what it believes
// to send on it; it was measured to answer within 120 ms.
constexpr Duration probe_interval = 60s;
constexpr Duration probe_timeout = 10s;
// From the opening of a user stream: without any evidence that it delivers, an account is live
// after so long all the same; some seconds more than reading the positions takes anyway.
constexpr Duration evidence_patience = 7s;
// How often an account is compared while nothing shows that its user stream delivers.
constexpr Duration watch_interval = 5s;
// When no form of address brought an event, they are tried again after so long.
constexpr Duration stream_forms_retry = 10min;

// The exchange cuts every connection at 24 hours. Replaced at 23, half an hour earlier or later, so
// that what was opened together is not replaced together.
constexpr Duration rotation_age = 23h;
constexpr Duration rotation_jitter = 30min;
// How long both connections are listened to before the old one is given up.
constexpr Duration rotation_overlap = 2s;
// From asking for the successor until it has taken over, or is given up and tried again later.
constexpr Duration rotation_patience = 60s;
constexpr Duration rotation_retry = 5min;
// Events that the two connections have not both brought yet.
constexpr std::size_t overlap_events_max = 10'000;

// One address may open 300 connections in any five minutes: 100 at once, so that a desk is up in
// seconds, and then one at a time: 100 + 5 min / 1.5 s = 300.
constexpr Duration connection_interval = 1500ms;
constexpr int connection_burst = 100;

constexpr Duration backoff_base = 1s;
constexpr Duration backoff_max = 60s;
// Only a connection that held so long is taken as a sign that the trouble is over.
constexpr Duration backoff_stable_after = 60s;

constexpr Duration rest_timeout = 10s;
// Requests that are under way to one host; each account of many would ask at the same moment else.
constexpr int requests_in_flight_max = 8;
// One address may spend 2,400 of request weight in a minute of the exchange's clock, whatever
// programs run there. We stop before that; comparisons, which can wait, leave half of it alone.
constexpr int request_weight_max = 2400;
constexpr int request_weight_spent_max = 1920;
constexpr int routine_weight_spent_max = 1200;
// When the exchange says to slow down and not for how long.
constexpr Duration slow_down_pause = 30s;
constexpr Duration ban_pause = 2min;
// The exchange bans an address for two minutes to three days.
constexpr Duration ban_max = 72h;
// REST may answer from a state that is somewhat older than what the stream has already said.
constexpr Duration rest_lag_max = 2s;
// An endpoint that the exchange does not have (any more) is not asked again for so long.
constexpr Duration gone_endpoint_pause = 1h;
constexpr Duration clock_sync_interval = 10min;
constexpr Duration clock_sync_retry = 2s;
// The time in an answer that took longer is not of much use; ask again soon.
constexpr Duration clock_answer_slow = 500ms;
// A reconcile that met changes in flight is repeated after so long.
constexpr Duration reconcile_recheck_delay = 5s;
// Settings (leverage, margin type, position mode) are compared with every tenth look at positions.
constexpr int reconciles_per_settings_check = 10;
// So many comparisons in a row that had to correct something: the stream is not to be trusted.
constexpr int corrections_tolerated = 2;

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
// The first price of a symbol is asked for over REST so often, and then left to its stream.
constexpr Duration first_price_request_repeat = 5s;
constexpr int first_price_requests_max = 3;
// A connection that brings nothing at all may be deaf itself.
constexpr Duration mute_stream_patience_min = 20s;
constexpr Duration mute_stream_patience_max = 10min;

// Answers to those who ask for the present state; whoever else asks waits for a later second.
constexpr std::uint32_t snapshots_per_second = 5;
// Everybody asks at once after a restart; the last of so many has its answer after a minute.
constexpr std::size_t snapshots_waiting_max = 300;

}  // namespace bridge::limits
