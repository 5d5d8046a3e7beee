#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/exchange/model/malformation.hpp"
#include "tests/exchange/model/random.hpp"
#include "tests/exchange/model/stream_target.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

/// What can go wrong on purpose. A new fault gets a name here, its text in faults.cpp, and acts in
/// Exchange::inject (what happens once) or in one of the FaultPlan's questions (what lasts).
enum class FaultKind {
  cut,                // connections end: with a close frame if a code is given, else abruptly
  silence,            // connections stay open and nothing more comes, not even pongs
  refuse_handshakes,  // WebSocket handshakes get an HTTP error
  rest_error,         // requests get an error
  expire_key,         // the listenKey's life ends now, with listenKeyExpired
  delete_key,         // the listenKey is deleted by somebody else, without a word
  ban_address,        // every request gets 418 until the duration is over
  // The network.
  half_open,   // the exchange has lost its end: nothing comes, not even the answer to a close
  mute,        // data stops for good, while control frames and pings are still answered
  slow,        // frames leave `delay_ms` later, in their order
  refuse_tls,  // TCP connections end before their TLS handshake
  // Requests.
  too_many_requests,  // 429 with Retry-After until the duration is over
  rest_delay,         // answers leave `delay_ms` later
  rest_shuffle,       // answers leave up to `delay_ms` later, so later ones overtake earlier ones
  rest_lag,           // signed requests are answered from positions that are `delay_ms` old
  // Time.
  server_time,  // GET /time is `offset_ms` away from the clock that checks timestamps
  clock_step,   // the exchange's whole clock is `offset_ms` away
  // Listen keys and user events.
  change_key,        // PUT answers with another key, and the old one is dead
  ignore_events,     // user streams are acknowledged without their events= and deliver nothing
  duplicate_events,  // user events come twice
  lose_events,       // user events never come, while the socket stays open
  // Contents.
  silence_symbol,   // a symbol is settling: acknowledged, and no mark price ever comes
  malformed_frames  // frames are broken, or others that nobody knows come before them
};

std::string_view fault_kind_text(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view text);
/// Every kind, in the order above.
const std::vector<FaultKind>& all_fault_kinds();

/// Which connections or accounts a fault meets.
enum class FaultScope { everything, market_connections, user_connections };

struct Fault {
  FaultKind kind = FaultKind::cut;
  FaultScope scope = FaultScope::everything;
  std::string account = {};  // not empty: only this account's user streams, requests and key
  int close_code = 0;        // cut: 0 is without a close frame
  std::string reason = {};   // cut: the close frame's text
  UnixMs duration_ms = 0;    // of all that last; 0: until cleared or used up
  int count = 0;  // how many times, of all that last; 0: no such bound. expire_key: how many events
  std::string endpoint = {};  // of requests: "POST /fapi/v1/listenKey" or a path; empty: all
  int http_status = 0;        // rest_error, refuse_handshakes; 0: 503
  int code = -1001;           // rest_error: the exchange's code
  std::string message = {};   // rest_error: the exchange's sentence
  std::string address = "127.0.0.1";  // ban_address
  UnixMs delay_ms = second_ms;        // slow, rest_delay, rest_shuffle, rest_lag
  UnixMs offset_ms = 0;               // server_time, clock_step: positive runs ahead
  std::string symbol = {};            // silence_symbol
  std::string event = {};  // duplicate_events, lose_events: a type; empty: all but listenKeyExpired
  int percent = 100;       // how often it strikes where it could: of events and of frames
  Malformation form = Malformation::broken_json;  // malformed_frames
};

struct ScheduledFault {
  UnixMs after_ms = 0;  // since the start
  Fault fault = {};
};

/// What somebody is doing when the plan is asked.
struct RestAttempt {
  std::string_view method;
  std::string_view path;
  std::string_view account;  // empty: unknown
};

/// The faults that last, and the questions that the exchange asks of them at each place where one
/// can act.
class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed = 1) : random_(seed) {}

  void add(const Fault& fault, UnixMs now);
  void clear() { active_.clear(); }
  std::size_t active_count(UnixMs now);
  /// Whether there is nothing to ask about. What has ended counts until somebody asks.
  bool empty() const { return active_.empty(); }

  /// The error that a request meets, if any; uses up one of its count. For too_many_requests the
  /// duration is what is left of it.
  std::optional<Fault> on_request(const RestAttempt& attempt, UnixMs now);
  /// How much later a request's answer leaves.
  UnixMs answer_delay(const RestAttempt& attempt, UnixMs now);
  /// How old the positions are that a request is answered from.
  UnixMs answer_lag(const RestAttempt& attempt, UnixMs now);
  /// The refusal that a handshake meets, if any; uses up one of its count. `account` is empty when
  /// the address names no key that is known.
  std::optional<Fault> on_handshake(Route route, std::string_view account, UnixMs now);
  /// Whether a TCP connection ends before its TLS handshake.
  bool refuses_connection(UnixMs now);
  bool changes_key(std::string_view account, UnixMs now);
  bool ignores_events(std::string_view account, UnixMs now);
  bool loses_event(std::string_view account, std::string_view event_type, UnixMs now);
  bool duplicates_event(std::string_view account, std::string_view event_type, UnixMs now);
  bool silences_symbol(std::string_view symbol, UnixMs now);
  /// What GET /time adds to the exchange's clock, and what that adds to the true time.
  UnixMs server_time_offset(UnixMs now) { return offset_of(FaultKind::server_time, now); }
  UnixMs clock_offset(UnixMs now) { return offset_of(FaultKind::clock_step, now); }

  /// The first fault of this kind that `meets` accepts and that strikes by its percentage; uses up
  /// one of its count. Null when there is none; valid until the plan is used again.
  template <typename Predicate>
  const Fault* strike(FaultKind kind, UnixMs now, const Predicate& meets) {
    if (active_.empty()) return nullptr;
    drop_ended(now);
    for (Active& active : active_) {
      if (active.fault.kind != kind || !meets(active.fault) || !is_lucky(active.fault)) continue;
      if (active.left > 0) --active.left;
      return &active.fault;
    }
    return nullptr;
  }

  Random& random() { return random_; }

 private:
  struct Active {
    Fault fault;
    UnixMs until;
    int left;  // negative: no bound
  };

  bool is_lucky(const Fault& fault) {
    return fault.percent >= 100 || random_.below(100) < static_cast<std::uint64_t>(fault.percent);
  }
  bool strikes_event(FaultKind kind, std::string_view account, std::string_view event_type,
                     UnixMs now);
  UnixMs offset_of(FaultKind kind, UnixMs now);
  void drop_ended(UnixMs now);

  std::vector<Active> active_;
  Random random_;
};

}  // namespace exchange
