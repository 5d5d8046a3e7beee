#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/exchange/user_stream_form.hpp"
#include "bridge/core/values/log_level.hpp"
#include "bridge/core/values/secret.hpp"

// What sessions want done. They decide; whoever drives them performs these in order and tells the
// session what came of it. Answers carry the number they belong to, so one that comes late, for a
// connection or a request that the session has given up, is recognized and harmless.
namespace bridge {

using StreamNumber = std::uint32_t;
using RequestNumber = std::uint32_t;

namespace effect {

// Open the account's user stream with this listen key, addressed in this form.
struct OpenUserStream {
  StreamNumber stream = 0;
  Secret listen_key;
  UserStreamForm form = UserStreamForm::events;
};

struct OpenMarketStream {
  StreamNumber stream = 0;
};

struct Ping {
  StreamNumber stream = 0;
};

// Close it without waiting for anything; nothing more is to be told about it.
struct CloseStream {
  StreamNumber stream = 0;
};

// SUBSCRIBE to the account's events, where the address did not name them.
struct SubscribeUserStream {
  StreamNumber stream = 0;
  std::uint64_t id = 0;
  Secret listen_key;
};

// LIST_SUBSCRIPTIONS: what does the exchange believe to send here?
struct ListSubscriptions {
  StreamNumber stream = 0;
  std::uint64_t id = 0;
};

// SUBSCRIBE or UNSUBSCRIBE the mark prices of these symbols, or of all that there are.
struct ChangeSubscriptions {
  enum class Method : std::uint8_t { subscribe, unsubscribe };
  StreamNumber stream = 0;
  std::uint64_t id = 0;
  Method method = Method::subscribe;
  std::vector<std::string> symbols;
  bool all_symbols = false;
};

struct Request {
  RequestNumber request = 0;
  Endpoint endpoint = Endpoint::server_time;
  Urgency urgency = Urgency::routine;
  std::string symbol;  // of Endpoint::premium_index
};

// The exchange says that our timestamps are off: ask it for its time again.
struct SynchronizeClock {};

// One fact, without secrets.
struct Log {
  LogLevel level = LogLevel::info;
  std::string text;
};

}  // namespace effect

using Effect = std::variant<effect::OpenUserStream, effect::OpenMarketStream, effect::Ping,
                            effect::CloseStream, effect::SubscribeUserStream,
                            effect::ListSubscriptions, effect::ChangeSubscriptions, effect::Request,
                            effect::SynchronizeClock, effect::Log>;

// The effects of an input, in order, until they are taken.
class Effects {
 public:
  void add(Effect effect) { effects_.push_back(std::move(effect)); }
  void log(LogLevel level, std::string text) { add(effect::Log{level, std::move(text)}); }

  std::vector<Effect> take() { return std::exchange(effects_, {}); }
  bool empty() const { return effects_.empty(); }

 private:
  std::vector<Effect> effects_;
};

// Why a connection ended, in words that are fit for a metric label; a closed set.
enum class CloseCause : std::uint8_t {
  requested,  // we closed it
  refused,    // no TCP connection: name, route, port
  tls,        // the certificate or the TLS handshake
  handshake,  // the server did not accept the WebSocket
  opening_timeout,
  silence,     // we gave it up: nothing came
  server,      // closed by the server with a close frame
  reset,       // cut without a close frame
  protocol,    // it sent what is no WebSocket, or too much
  replaced,    // given up for a new listen key
  rotated,     // given up for a younger connection, which has taken over
  deaf,        // it does not carry the events that were asked for
  distrusted,  // given up: comparisons over REST showed that it loses events
};
constexpr int close_cause_count = 13;

std::string_view to_string(CloseCause cause);

struct StreamEnd {
  CloseCause cause = CloseCause::reset;
  std::string text;  // for a log; holds no secrets
};

}  // namespace bridge
