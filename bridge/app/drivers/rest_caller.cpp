#include "bridge/app/drivers/rest_caller.hpp"

#include <utility>

#include "bridge/app/drivers/server_address_of.hpp"
#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/exchange/rest_replies.hpp"
#include "bridge/wire/exchange/rest_requests.hpp"

namespace bridge {
namespace {

HttpExchange to_exchange(RestRequest request) {
  HttpExchange exchange{
      .method = request.method, .target = std::move(request.target), .headers = {}};
  if (request.api_key)
    exchange.headers.push_back({std::string{api_key_header}, std::move(*request.api_key)});
  return exchange;
}

RestFailure to_rest_failure(const HttpFailure& failure) {
  const auto kind = [&] {
    switch (failure.kind) {
      case HttpFailure::Kind::timeout: return RestFailure::Kind::timeout;
      case HttpFailure::Kind::malformed:
      case HttpFailure::Kind::too_large: return RestFailure::Kind::malformed;
      case HttpFailure::Kind::network:
      case HttpFailure::Kind::overloaded:
      case HttpFailure::Kind::cancelled: return RestFailure::Kind::network;
    }
    BRIDGE_UNREACHABLE("not an HttpFailure");
  }();
  return {.kind = kind, .message = failure.text};
}

}  // namespace

RestCaller::RestCaller(boost::asio::io_context& loop, const TlsContext& tls, const Url& rest,
                       const ExchangeClock& clock)
    : clock_{clock}, client_{loop, tls, server_address_of(rest)} {}

void RestCaller::request(Endpoint endpoint, std::string_view symbol, const Credentials* credentials,
                         Answered answered) {
  ++under_way_;
  RestRequest request = make_request(endpoint, credentials, clock_.at_least(read_monotonic_clock()),
                                     receive_window_default, symbol);
  client_.perform(to_exchange(std::move(request)), limits::rest_timeout,
                  [this, endpoint,
                   answered = std::move(answered)](const Result<HttpAnswer, HttpFailure>& result) {
                    --under_way_;
                    answered({.reply = read(endpoint, result),
                              .used_weight = result ? result->used_weight_1m : std::nullopt,
                              .date = result ? result->date : std::nullopt});
                  });
}

RestReply RestCaller::read(Endpoint endpoint, const Result<HttpAnswer, HttpFailure>& result) {
  if (!result) {
    metrics_.count(endpoint, std::string{to_string(result.error().kind)});
    return to_rest_failure(result.error());
  }
  metrics_.count(endpoint, std::to_string(result->status));
  return parse_reply(
      endpoint,
      {.status = result->status, .body = result->body, .retry_after = result->retry_after});
}

}  // namespace bridge
