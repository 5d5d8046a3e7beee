#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/http_method.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/io/web/server_address.hpp"
#include "bridge/io/web/tls_context.hpp"

namespace boost::asio {
class io_context;
}

namespace bridge {

// Requests to a server that run at the same time; each has a connection of its own.
constexpr std::size_t http_connections_max = 4;
// Requests that wait for a connection; the next one fails at once.
constexpr std::size_t http_waiting_max = 1024;
// positionRisk of an account with everything open is 300 KB.
constexpr std::size_t http_body_size_max = 16 * 1024 * 1024;
// A kept-alive connection that was idle so long is not used again: servers close them after a
// minute.
constexpr Duration http_idle_max = std::chrono::seconds{30};

struct HttpHeader {
  std::string name;
  Secret value;  // the API key travels in one
};

struct HttpExchange {
  HttpMethod method = HttpMethod::get;
  Secret target;  // path and query: signatures and keys are in it
  std::vector<HttpHeader> headers;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::optional<Duration> retry_after;         // Retry-After, when it is a number of seconds
  std::optional<std::int64_t> used_weight_1m;  // X-MBX-USED-WEIGHT-1M
  std::optional<WallTime> date;                // Date
};

struct HttpFailure {
  enum class Kind : std::uint8_t {
    network,     // no connection, or it broke before the answer was complete
    timeout,     // no complete answer in time
    malformed,   // the answer is no HTTP
    too_large,   // more than http_body_size_max
    overloaded,  // more than http_waiting_max requests are waiting
    cancelled,   // cancel_all()
  };
  Kind kind = Kind::network;
  std::string text;  // a sentence for a log; never holds the target
};

std::string_view to_string(HttpFailure::Kind kind);

// Requests to one server, over a few connections that are kept alive. Answers come in any order.
class HttpsClient {
 public:
  using Callback = std::function<void(Result<HttpAnswer, HttpFailure>)>;

  // The loop outlives the client. Plain connections are for loopback addresses only (asserted).
  HttpsClient(boost::asio::io_context& loop, TlsContext tls, ServerAddress server);
  // Forgets all requests: their callbacks are not called.
  ~HttpsClient();
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  // The callback is called once, from the loop and never from within this call. The time runs from
  // now, so waiting for a free connection counts. A request that a server may safely see twice
  // (GET, PUT) and that met a kept-alive connection which the server had closed is sent once more.
  void perform(HttpExchange exchange, Duration timeout, Callback callback);

  // Every request that is under way fails as `cancelled`.
  void cancel_all();

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace bridge
