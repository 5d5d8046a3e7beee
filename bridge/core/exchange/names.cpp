#include <string_view>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/exchange/http_method.hpp"
#include "bridge/core/exchange/mark_price_interval.hpp"
#include "bridge/core/exchange/mark_price_mode.hpp"
#include "bridge/core/exchange/position.hpp"
#include "bridge/core/values/assert.hpp"

// The words of the bus, the metrics and the exchange for our enumerations.
namespace bridge {

std::string_view to_string(PositionSide side) {
  switch (side) {
    case PositionSide::both: return "BOTH";
    case PositionSide::long_side: return "LONG";
    case PositionSide::short_side: return "SHORT";
  }
  BRIDGE_UNREACHABLE("not a PositionSide");
}

std::string_view to_string(Side side) {
  switch (side) {
    case Side::long_side: return "LONG";
    case Side::short_side: return "SHORT";
    case Side::flat: return "FLAT";
  }
  BRIDGE_UNREACHABLE("not a Side");
}

std::string_view to_string(MarginType type) {
  switch (type) {
    case MarginType::cross: return "cross";
    case MarginType::isolated: return "isolated";
  }
  BRIDGE_UNREACHABLE("not a MarginType");
}

std::string_view to_string(PositionMode mode) {
  switch (mode) {
    case PositionMode::one_way: return "one-way";
    case PositionMode::hedge: return "hedge";
  }
  BRIDGE_UNREACHABLE("not a PositionMode");
}

std::optional<PositionSide> parse_position_side(std::string_view text) {
  if (text == "BOTH") return PositionSide::both;
  if (text == "LONG") return PositionSide::long_side;
  if (text == "SHORT") return PositionSide::short_side;
  return std::nullopt;
}

std::optional<MarginType> parse_margin_type(std::string_view text) {
  if (text == "cross" || text == "CROSSED" || text == "crossed" || text == "CROSS")
    return MarginType::cross;
  if (text == "isolated" || text == "ISOLATED") return MarginType::isolated;
  return std::nullopt;
}

std::string_view to_string(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::server_time: return "time";
    case Endpoint::create_listen_key: return "listen_key_create";
    case Endpoint::keep_listen_key_alive: return "listen_key_keep_alive";
    case Endpoint::close_listen_key: return "listen_key_close";
    case Endpoint::position_risk: return "position_risk";
    case Endpoint::position_risk_v2: return "position_risk_v2";
    case Endpoint::account_v2: return "account_v2";
    case Endpoint::account_config: return "account_config";
    case Endpoint::position_side_dual: return "position_side_dual";
    case Endpoint::symbol_config: return "symbol_config";
    case Endpoint::premium_index: return "premium_index";
    case Endpoint::premium_index_of_all: return "premium_index_of_all";
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

int request_weight(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::premium_index:
    case Endpoint::server_time:
    case Endpoint::create_listen_key:
    case Endpoint::keep_listen_key_alive:
    case Endpoint::close_listen_key: return 1;
    case Endpoint::position_risk:
    case Endpoint::position_risk_v2:
    case Endpoint::account_v2:
    case Endpoint::account_config:
    case Endpoint::symbol_config: return 5;
    case Endpoint::position_side_dual: return 30;
    case Endpoint::premium_index_of_all: return 10;
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

std::string_view to_string(CloseCause cause) {
  switch (cause) {
    case CloseCause::requested: return "requested";
    case CloseCause::refused: return "refused";
    case CloseCause::tls: return "tls";
    case CloseCause::handshake: return "handshake";
    case CloseCause::opening_timeout: return "opening_timeout";
    case CloseCause::silence: return "silence";
    case CloseCause::server: return "server";
    case CloseCause::reset: return "reset";
    case CloseCause::protocol: return "protocol";
    case CloseCause::replaced: return "replaced";
    case CloseCause::rotated: return "rotated";
    case CloseCause::deaf: return "deaf";
    case CloseCause::distrusted: return "distrusted";
  }
  BRIDGE_UNREACHABLE("not a CloseCause");
}

std::string_view to_string(HttpMethod method) {
  switch (method) {
    case HttpMethod::get: return "GET";
    case HttpMethod::put: return "PUT";
    case HttpMethod::post: return "POST";
    case HttpMethod::delete_: return "DELETE";
  }
  BRIDGE_UNREACHABLE("not an HttpMethod");
}

std::string_view to_string(MarkPriceMode mode) {
  switch (mode) {
    case MarkPriceMode::per_symbol: return "per-symbol";
    case MarkPriceMode::all: return "all";
  }
  BRIDGE_UNREACHABLE("not a MarkPriceMode");
}

std::string_view to_string(MarkPriceInterval interval) {
  switch (interval) {
    case MarkPriceInterval::one_second: return "1s";
    case MarkPriceInterval::three_seconds: return "3s";
  }
  BRIDGE_UNREACHABLE("not a MarkPriceInterval");
}

}  // namespace bridge
