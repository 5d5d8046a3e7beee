#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/exchange/http_method.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/wire/exchange/credentials.hpp"

namespace bridge {

// A request without a body.
struct RestRequest {
  HttpMethod method = HttpMethod::get;
  Secret target;                  // path and query: may end in a signature
  std::optional<Secret> api_key;  // value of the header `api_key_header`
};

constexpr std::string_view api_key_header = "X-MBX-APIKEY";

// How long after its timestamp Binance still accepts a signed request.
constexpr Duration receive_window_default = std::chrono::milliseconds{5000};

// What a request must carry.
enum class Authentication : std::uint8_t { none, api_key, signature };

Authentication authentication_of(Endpoint endpoint);

// A request of the USDⓈ-M interface. `credentials` may be null where the endpoint needs none.
// `exchange_time` is the time on the exchange's clock, which refuses a signed request that is more
// than a second ahead of it or more than `receive_window` behind it. `symbol`: which symbol
// Endpoint::premium_index is asked for; empty for every other endpoint.
RestRequest make_request(Endpoint endpoint, const Credentials* credentials, WallTime exchange_time,
                         Duration receive_window = receive_window_default,
                         std::string_view symbol = {});

}  // namespace bridge
