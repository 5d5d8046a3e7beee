#include <string_view>

#include "bridge/core/assert.hpp"
#include "bridge/core/effects.hpp"
#include "bridge/core/exchange_requests.hpp"
#include "bridge/core/http_method.hpp"
#include "bridge/core/log_level.hpp"
#include "bridge/core/mark_price_interval.hpp"
#include "bridge/core/mark_price_mode.hpp"
#include "bridge/core/position.hpp"
#include "bridge/core/publications.hpp"
#include "bridge/core/stream_metrics.hpp"

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
    case Endpoint::account_config: return "account_config";
    case Endpoint::symbol_config: return "symbol_config";
    case Endpoint::premium_index: return "premium_index";
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

int request_weight(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::server_time:
    case Endpoint::create_listen_key:
    case Endpoint::keep_listen_key_alive:
    case Endpoint::close_listen_key: return 1;
    case Endpoint::position_risk:
    case Endpoint::account_config:
    case Endpoint::symbol_config: return 5;
    case Endpoint::premium_index: return 10;  // of all symbols
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

std::string_view to_string(Venue venue) {
  switch (venue) {
    case Venue::binance_usdm: return "binance-usdm";
    case Venue::binance_coinm: return "binance-coinm";
    case Venue::binance_pm_um: return "binance-pm-um";
    case Venue::binance_pm_cm: return "binance-pm-cm";
  }
  BRIDGE_UNREACHABLE("not a Venue");
}

std::string_view to_string(PositionState state) {
  switch (state) {
    case PositionState::live: return "live";
    case PositionState::stale: return "stale";
  }
  BRIDGE_UNREACHABLE("not a PositionState");
}

std::string_view to_string(AccountState state) {
  switch (state) {
    case AccountState::connecting: return "connecting";
    case AccountState::syncing: return "syncing";
    case AccountState::live: return "live";
    case AccountState::stale: return "stale";
    case AccountState::failed: return "failed";
    case AccountState::stopped: return "stopped";
  }
  BRIDGE_UNREACHABLE("not an AccountState");
}

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::snapshot: return "snapshot";
    case Trigger::account_update: return "account_update";
    case Trigger::mark_price: return "mark_price";
    case Trigger::reconcile: return "reconcile";
    case Trigger::config: return "config";
    case Trigger::state: return "state";
  }
  BRIDGE_UNREACHABLE("not a Trigger");
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

std::string_view to_string(StreamEvent event) {
  switch (event) {
    case StreamEvent::account_update: return "account_update";
    case StreamEvent::account_config_update: return "account_config_update";
    case StreamEvent::margin_call: return "margin_call";
    case StreamEvent::order_trade_update: return "order_trade_update";
    case StreamEvent::trade_lite: return "trade_lite";
    case StreamEvent::listen_key_expired: return "listen_key_expired";
    case StreamEvent::mark_price_update: return "mark_price_update";
    case StreamEvent::control_reply: return "control_reply";
    case StreamEvent::other: return "other";
  }
  BRIDGE_UNREACHABLE("not a StreamEvent");
}

StreamEvent stream_event_named(std::string_view name) {
  if (name == "ORDER_TRADE_UPDATE") return StreamEvent::order_trade_update;
  if (name == "TRADE_LITE") return StreamEvent::trade_lite;
  if (name == "MARGIN_CALL") return StreamEvent::margin_call;
  if (name == "ACCOUNT_CONFIG_UPDATE") return StreamEvent::account_config_update;
  return StreamEvent::other;
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return "trace";
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  BRIDGE_UNREACHABLE("not a LogLevel");
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
