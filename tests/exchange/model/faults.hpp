#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  ban_address         // every request gets 418 until the duration is over
};

std::string_view fault_kind_text(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view text);

/// Which connections or accounts a fault meets.
enum class FaultScope { everything, market_connections, user_connections };

struct Fault {
  FaultKind kind = FaultKind::cut;
  FaultScope scope = FaultScope::everything;
  std::string account = {};  // not empty: only this account's user streams, requests and key
  int close_code = 0;        // cut: 0 is without a close frame
  std::string reason = {};   // cut: the close frame's text
  UnixMs duration_ms =
      0;          // refuse_handshakes, rest_error, ban_address; 0: until cleared or used up
  int count = 0;  // rest_error, refuse_handshakes: how many times; 0: no such bound
  std::string endpoint = {};          // rest_error: "POST /fapi/v1/listenKey" or a path; empty: all
  int http_status = 0;                // rest_error, refuse_handshakes; 0: 503
  int code = -1001;                   // rest_error: the exchange's code
  std::string message = {};           // rest_error: the exchange's sentence
  std::string address = "127.0.0.1";  // ban_address
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
  void add(const Fault& fault, UnixMs now);
  void clear() { active_.clear(); }
  std::size_t active_count(UnixMs now);

  /// The error that a request meets, if any; uses up one of its count.
  std::optional<Fault> on_request(const RestAttempt& attempt, UnixMs now);
  /// The refusal that a handshake meets, if any; uses up one of its count. `account` is empty when
  /// the address names no key that is known.
  std::optional<Fault> on_handshake(Route route, std::string_view account, UnixMs now);

 private:
  struct Active {
    Fault fault;
    UnixMs until;
    int left;  // negative: no bound
  };

  std::optional<Fault> use(std::size_t index);
  void drop_ended(UnixMs now);

  std::vector<Active> active_;
};

}  // namespace exchange
