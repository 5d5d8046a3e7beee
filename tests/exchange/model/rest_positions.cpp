#include "tests/exchange/model/json_writer.hpp"
#include "tests/exchange/model/margin.hpp"
#include "tests/exchange/model/rest_endpoints.hpp"

namespace exchange {
namespace {

void write_row_v3(JsonWriter& json, const Call& call, PositionKey key) {
  const SymbolSpec& spec = call.world.symbols[key.symbol];
  const Position& position = call.account->position(key);
  const Amount mark = call.world.prices.at(key.symbol, call.now).mark;
  const Margin margin = margin_of(position, call.account->setting(key.symbol), mark);
  json.begin_object()
      .field("symbol", spec.name)
      .field("positionSide", position_side_text(key.side))
      .fixed("positionAmt", position.amount, spec.quantity_precision)
      .field("entryPrice", position.entry_price)
      .field("breakEvenPrice", break_even_price(position))
      .fixed("markPrice", mark, Amount::decimals)
      .fixed("unRealizedProfit", margin.unrealized, Amount::decimals)
      .sum("liquidationPrice", margin.liquidation_price)
      .sum("isolatedMargin", margin.isolated)
      .fixed("notional", margin.notional, Amount::decimals)
      .field("marginAsset", spec.margin_asset)
      .sum("isolatedWallet", position.isolated_wallet)
      .fixed("initialMargin", margin.initial, Amount::decimals)
      .fixed("maintMargin", margin.maintenance, Amount::decimals)
      .fixed("positionInitialMargin", margin.initial, Amount::decimals)
      .field("openOrderInitialMargin", "0")
      .field("adl", 1)
      .field("bidNotional", "0")
      .field("askNotional", "0")
      .field("updateTime", position.update_time)
      .end_object();
}

void write_row_v2(JsonWriter& json, const Call& call, PositionKey key) {
  const SymbolSpec& spec = call.world.symbols[key.symbol];
  const Position& position = call.account->position(key);
  const SymbolSetting setting = call.account->setting(key.symbol);
  const Amount mark =
      position.is_open() ? call.world.prices.at(key.symbol, call.now).mark : Amount();
  const Margin margin = margin_of(position, setting, mark);
  const bool isolated = setting.margin_type == MarginType::isolated;
  const auto price = [&position](Amount value) {
    return position.is_open() ? value.text() : std::string("0.0");
  };
  json.begin_object()
      .field("symbol", spec.name)
      .fixed("positionAmt", position.amount, spec.quantity_precision)
      .field("entryPrice", price(position.entry_price))
      .field("breakEvenPrice", price(break_even_price(position)))
      .fixed("markPrice", mark, Amount::decimals)
      .fixed("unRealizedProfit", margin.unrealized, Amount::decimals)
      .sum("liquidationPrice", margin.liquidation_price)
      .field("leverage", std::to_string(setting.leverage))
      .field("maxNotionalValue", max_notional_text(spec))
      .field("marginType", isolated ? "isolated" : "cross")
      .fixed("isolatedMargin", margin.isolated, Amount::decimals)
      .field("isAutoAddMargin", "false")
      .field("positionSide", position_side_text(key.side))
      .sum("notional", margin.notional)
      .sum("isolatedWallet", position.isolated_wallet)
      .field("updateTime", position.update_time)
      .flag("isolated", isolated)
      .field("adlQuantile", position.is_open() ? 1 : 0)
      .end_object();
}

}  // namespace

// Only what is open: since v3 a closed position is told by its absence.
Result<std::string> position_risk_v3(const Call& call) {
  const Result<std::optional<SymbolId>> symbol = call.symbol();
  if (!symbol) return tl::unexpected(symbol.error());
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (const auto& [key, position] : call.account->positions()) {
    if (position.is_open() && (!*symbol || **symbol == key.symbol)) write_row_v3(json, call, key);
  }
  json.end_array();
  return body;
}

// Every symbol, open or not; both legs in hedge mode.
Result<std::string> position_risk_v2(const Call& call) {
  const Result<std::optional<SymbolId>> symbol = call.symbol();
  if (!symbol) return tl::unexpected(symbol.error());
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (std::size_t index = 0; index < call.world.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    if (call.world.symbols[id].market != Market::usdm) continue;
    if (*symbol && **symbol != id) continue;
    if (call.account->mode() == PositionMode::one_way) {
      write_row_v2(json, call, {id, PositionSide::both});
    } else {
      write_row_v2(json, call, {id, PositionSide::long_leg});
      write_row_v2(json, call, {id, PositionSide::short_leg});
    }
  }
  json.end_array();
  return body;
}

}  // namespace exchange
