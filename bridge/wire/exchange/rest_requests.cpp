#include "bridge/wire/exchange/rest_requests.hpp"

#include <string>
#include <utility>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/exchange/percent_encoding.hpp"

namespace bridge {
namespace {

HttpMethod method_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::create_listen_key: return HttpMethod::post;
    case Endpoint::keep_listen_key_alive: return HttpMethod::put;
    case Endpoint::close_listen_key: return HttpMethod::delete_;
    case Endpoint::server_time:
    case Endpoint::position_risk:
    case Endpoint::position_risk_v2:
    case Endpoint::account_v2:
    case Endpoint::account_config:
    case Endpoint::position_side_dual:
    case Endpoint::symbol_config:
    case Endpoint::premium_index:
    case Endpoint::premium_index_of_all: return HttpMethod::get;
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

std::string_view path_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::server_time: return "/fapi/v1/time";
    case Endpoint::create_listen_key:
    case Endpoint::keep_listen_key_alive:
    case Endpoint::close_listen_key: return "/fapi/v1/listenKey";
    case Endpoint::position_risk: return "/fapi/v3/positionRisk";
    case Endpoint::position_risk_v2: return "/fapi/v2/positionRisk";
    case Endpoint::account_v2: return "/fapi/v2/account";
    case Endpoint::account_config: return "/fapi/v1/accountConfig";
    case Endpoint::position_side_dual: return "/fapi/v1/positionSide/dual";
    case Endpoint::symbol_config: return "/fapi/v1/symbolConfig";
    case Endpoint::premium_index:
    case Endpoint::premium_index_of_all: return "/fapi/v1/premiumIndex";
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

// What is signed is the query as it is sent, and the signature comes last.
Secret signed_target(std::string_view path, const RequestSigner& signer, WallTime exchange_time,
                     Duration receive_window) {
  const auto window_ms = std::chrono::duration_cast<std::chrono::milliseconds>(receive_window);
  const std::string query = "recvWindow=" + std::to_string(window_ms.count()) +
                            "&timestamp=" + std::to_string(to_ms(exchange_time));
  const Secret signature = signer.sign(query);
  std::string target;
  target.append(path).append("?").append(query).append("&signature=").append(signature.reveal());
  return Secret{std::move(target)};
}

}  // namespace

Authentication authentication_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::server_time:
    case Endpoint::premium_index:
    case Endpoint::premium_index_of_all: return Authentication::none;
    case Endpoint::create_listen_key:
    case Endpoint::keep_listen_key_alive:
    case Endpoint::close_listen_key: return Authentication::api_key;
    case Endpoint::position_risk:
    case Endpoint::position_risk_v2:
    case Endpoint::account_v2:
    case Endpoint::account_config:
    case Endpoint::position_side_dual:
    case Endpoint::symbol_config: return Authentication::signature;
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

RestRequest make_request(Endpoint endpoint, const Credentials* credentials, WallTime exchange_time,
                         Duration receive_window, std::string_view symbol) {
  BRIDGE_ASSERT(symbol.empty() != (endpoint == Endpoint::premium_index));
  RestRequest request;
  request.method = method_of(endpoint);
  const Authentication authentication = authentication_of(endpoint);
  if (authentication != Authentication::none) {
    BRIDGE_ASSERT(credentials != nullptr);
    request.api_key = credentials->api_key;
  }
  std::string path{path_of(endpoint)};
  if (!symbol.empty()) path += "?symbol=" + percent_encoded(symbol);
  request.target = authentication == Authentication::signature
                       ? signed_target(path, credentials->signer, exchange_time, receive_window)
                       : Secret{std::move(path)};
  return request;
}

}  // namespace bridge
