#include "bridge/core/sessions/stream_metrics.hpp"

#include "bridge/core/values/assert.hpp"

namespace bridge {

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

}  // namespace bridge
