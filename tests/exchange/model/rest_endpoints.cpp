#include "tests/exchange/model/rest_endpoints.hpp"

#include <array>

#include "tests/exchange/model/json_writer.hpp"

namespace exchange {
namespace {

using enum Security;

// Method, path, weight for one symbol, weight for all, security, answer.
constexpr std::array endpoints = {
    Endpoint{"GET", "/fapi/v1/ping", 1, 1, none, ping},
    Endpoint{"GET", "/fapi/v1/time", 1, 1, none, server_time},
    Endpoint{"GET", "/fapi/v1/exchangeInfo", 1, 1, none, exchange_info},
    Endpoint{"GET", "/fapi/v1/premiumIndex", 1, 10, none, premium_index},
    Endpoint{"POST", "/fapi/v1/listenKey", 1, 1, user_stream, create_listen_key},
    Endpoint{"PUT", "/fapi/v1/listenKey", 1, 1, user_stream, keep_listen_key},
    Endpoint{"DELETE", "/fapi/v1/listenKey", 1, 1, user_stream, remove_listen_key},
    Endpoint{"GET", "/fapi/v3/positionRisk", 5, 5, signed_request, position_risk_v3},
    Endpoint{"GET", "/fapi/v2/positionRisk", 5, 5, signed_request, position_risk_v2},
    Endpoint{"GET", "/fapi/v1/accountConfig", 5, 5, signed_request, account_config},
    Endpoint{"GET", "/fapi/v1/symbolConfig", 5, 5, signed_request, symbol_config},
    Endpoint{"GET", "/fapi/v1/positionSide/dual", 30, 30, signed_request, position_mode},
    Endpoint{"GET", "/fapi/v3/account", 5, 5, signed_request, account_v3},
    Endpoint{"GET", "/fapi/v2/account", 5, 5, signed_request, account_v2},
    Endpoint{"GET", "/fapi/v3/balance", 5, 5, signed_request, balances},
    Endpoint{"GET", "/fapi/v2/balance", 5, 5, signed_request, balances},
    Endpoint{"GET", "/fapi/v1/leverageBracket", 1, 1, signed_request, leverage_brackets},
};

std::string listen_key_body(std::string_view key) {
  std::string body;
  JsonWriter(body).begin_object().field("listenKey", key).end_object();
  return body;
}

}  // namespace

const Endpoint* find_endpoint(std::string_view method, std::string_view path) {
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.method == method && endpoint.path == path) return &endpoint;
  }
  return nullptr;
}

Result<std::optional<SymbolId>> Call::symbol() const {
  const std::optional<std::string> name = find_parameter(parameters, "symbol");
  if (!name) return std::optional<SymbolId>();
  const std::optional<SymbolId> id = world.symbols.find(*name);
  if (!id || world.symbols[*id].market != Market::usdm) return refuse(-1121, "Invalid symbol.");
  return id;
}

Result<std::string> create_listen_key(const Call& call) {
  return listen_key_body(call.member->listen_key.create(call.now));
}

Result<std::string> keep_listen_key(const Call& call) {
  ListenKey& listen_key = call.member->listen_key;
  const bool changes = call.world.faults.changes_key(call.member->name, call.now);
  const auto key = changes ? listen_key.replace(call.now) : listen_key.keep_alive(call.now);
  if (key) return listen_key_body(*key);
  return refuse(-1125,
                "This listenKey does not exist. Please use POST /fapi/v1/listenKey to recreate "
                "listenKey.");
}

Result<std::string> remove_listen_key(const Call& call) {
  call.member->listen_key.remove();
  return std::string("{}");
}

}  // namespace exchange
