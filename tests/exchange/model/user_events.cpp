#include "tests/exchange/model/user_events.hpp"

#include "tests/exchange/model/json_writer.hpp"

namespace exchange {
namespace {

std::string_view margin_type_text(MarginType type) {
  return type == MarginType::cross ? "cross" : "isolated";
}

std::string_view order_side_text(Amount signed_quantity) {
  return signed_quantity.sign() > 0 ? "BUY" : "SELL";
}

void write_position_row(JsonWriter& json, const EventContext& context, PositionKey key) {
  const SymbolSpec& spec = context.symbols[key.symbol];
  const Position& position = context.account.position(key);
  const Amount mark = context.prices.at(key.symbol, context.now).mark;
  json.begin_object()
      .field("s", spec.name)
      .field("pa", position.amount)
      .field("ep", position.entry_price)
      .sum("cr", position.realized)
      .sum("up", unrealized_profit(position, mark))
      .field("mt", margin_type_text(context.account.setting(key.symbol).margin_type))
      .sum("iw", position.isolated_wallet)
      .field("ps", position_side_text(key.side))
      .field("ma", spec.margin_asset)
      .field("bep", break_even_price(position))
      .end_object();
}

struct OrderStage {
  std::string_view execution;
  std::string_view status;
  bool filled;
};

void write_order(JsonWriter& json, const EventContext& context, const FilledOrder& order,
                 const OrderIdentity& identity, const OrderStage& stage) {
  const SymbolSpec& spec = context.symbols[order.key.symbol];
  const Amount quantity = order.signed_quantity.absolute();
  const Amount filled = stage.filled ? quantity : Amount();
  json.field("s", spec.name)
      .field("c", identity.client_order_id)
      .field("S", order_side_text(order.signed_quantity))
      .field("o", "MARKET")
      .field("f", "GTC")
      .field("q", quantity)
      .field("p", "0")
      .field("ap", stage.filled ? order.price : Amount())
      .field("sp", "0")
      .field("x", stage.execution)
      .field("X", stage.status)
      .field("i", identity.order_id)
      .field("l", filled)
      .field("z", filled)
      .field("L", stage.filled ? order.price : Amount());
  json.sum("n", stage.filled ? order.fee : Amount())
      .field("N", spec.margin_asset)
      .field("T", order.change.time)
      .field("t", stage.filled ? identity.trade_id : 0)
      .field("b", "0")
      .field("a", "0")
      .flag("m", false)
      .flag("R", false)
      .field("wt", "CONTRACT_PRICE")
      .field("ot", "MARKET")
      .field("ps", position_side_text(order.key.side))
      .flag("cp", false)
      .sum("rp", stage.filled ? order.outcome.realized : Amount())
      .flag("pP", false)
      .field("si", 0)
      .field("ss", 0)
      .field("V", "EXPIRE_MAKER")
      .field("pm", "NONE")
      .field("gtd", 0)
      .field("er", "0");
}

UserEvent order_event(const EventContext& context, const FilledOrder& order,
                      const OrderIdentity& identity, const OrderStage& stage) {
  UserEvent event{.type = "ORDER_TRADE_UPDATE"};
  JsonWriter json(event.text);
  json.begin_object()
      .field("e", event.type)
      .field("T", order.change.time)
      .field("E", context.event_time)
      .key("o")
      .begin_object();
  write_order(json, context, order, identity, stage);
  json.end_object().end_object();
  return event;
}

}  // namespace

UserEvent account_update_event(const EventContext& context, const AccountChange& change) {
  UserEvent event{.type = "ACCOUNT_UPDATE"};
  JsonWriter json(event.text);
  json.begin_object()
      .field("e", event.type)
      .field("T", change.time)
      .field("E", context.event_time)
      .key("a")
      .begin_object();
  json.key("B").begin_array();
  for (const BalanceRow& balance : change.balances) {
    json.begin_object()
        .field("a", balance.asset)
        .field("wb", balance.wallet)
        .field("cw", balance.cross_wallet)
        .field("bc", balance.change)
        .end_object();
  }
  json.end_array().key("P").begin_array();
  for (const PositionKey& key : change.rows) write_position_row(json, context, key);
  json.end_array().field("m", change.reason);
  if (change.funding_symbol) json.field("S", context.symbols[*change.funding_symbol].name);
  json.end_object().end_object();
  return event;
}

UserEvent leverage_event(const EventContext& context, SymbolId symbol, int leverage, UnixMs time) {
  UserEvent event{.type = "ACCOUNT_CONFIG_UPDATE"};
  JsonWriter(event.text)
      .begin_object()
      .field("e", event.type)
      .field("T", time)
      .field("E", context.event_time)
      .key("ac")
      .begin_object()
      .field("s", context.symbols[symbol].name)
      .field("l", leverage)
      .end_object()
      .end_object();
  return event;
}

UserEvent trade_lite_event(const EventContext& context, const FilledOrder& order,
                           const OrderIdentity& identity) {
  const SymbolSpec& spec = context.symbols[order.key.symbol];
  const Amount quantity = order.signed_quantity.absolute();
  UserEvent event{.type = "TRADE_LITE"};
  JsonWriter(event.text)
      .begin_object()
      .field("e", event.type)
      .field("E", context.event_time)
      .field("T", order.change.time)
      .field("s", spec.name)
      .fixed("q", quantity, spec.quantity_precision)
      .fixed("p", Amount(), spec.price_precision)
      .flag("m", false)
      .field("c", identity.client_order_id)
      .field("S", order_side_text(order.signed_quantity))
      .fixed("L", order.price, spec.price_precision)
      .fixed("l", quantity, spec.quantity_precision)
      .field("t", identity.trade_id)
      .field("i", identity.order_id)
      .end_object();
  return event;
}

UserEvent order_new_event(const EventContext& context, const FilledOrder& order,
                          const OrderIdentity& identity) {
  return order_event(context, order, identity,
                     {.execution = "NEW", .status = "NEW", .filled = false});
}

UserEvent order_filled_event(const EventContext& context, const FilledOrder& order,
                             const OrderIdentity& identity) {
  return order_event(context, order, identity,
                     {.execution = "TRADE", .status = "FILLED", .filled = true});
}

UserEvent listen_key_expired_event(std::string_view listen_key, UnixMs event_time) {
  UserEvent event{.type = "listenKeyExpired"};
  JsonWriter(event.text)
      .begin_object()
      .field("e", event.type)
      .field("E", std::to_string(event_time))
      .field("listenKey", listen_key)
      .end_object();
  return event;
}

}  // namespace exchange
