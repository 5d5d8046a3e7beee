#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "bridge/app/configuration/config_url.hpp"
#include "bridge/app/drivers/rest_metrics.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/io/web/https_client.hpp"
#include "bridge/wire/exchange/credentials.hpp"

namespace bridge {

// Asks one environment of the exchange over REST: makes the request, sends it, reads the answer.
class RestCaller {
 public:
  struct Answer {
    RestReply reply;
    // X-MBX-USED-WEIGHT-1M: what this address has used in the current minute. The testnet says -1.
    std::optional<std::int64_t> used_weight;
    std::optional<WallTime> date;
  };
  using Answered = std::function<void(Answer)>;

  // The clock, which signed requests are stamped with, and the loop outlive the caller.
  RestCaller(boost::asio::io_context& loop, const TlsContext& tls, const Url& rest,
             const ExchangeClock& clock);

  // `credentials` outlive the request; null where the endpoint needs none. `symbol`: see
  // make_request(). `answered` is called
  // once, from the loop and never from within this call.
  void request(Endpoint endpoint, std::string_view symbol, const Credentials* credentials,
               Answered answered);

  bool has_requests() const { return under_way_ > 0; }

  // Read by the metrics thread.
  const RestMetrics& metrics() const { return metrics_; }

 private:
  RestReply read(Endpoint endpoint, const Result<HttpAnswer, HttpFailure>& result);

  const ExchangeClock& clock_;
  HttpsClient client_;
  std::size_t under_way_ = 0;
  RestMetrics metrics_;
};

}  // namespace bridge
