#include "tests/exchange/model/json_writer.hpp"
#include "tests/exchange/model/margin.hpp"
#include "tests/exchange/model/rest_endpoints.hpp"

namespace exchange {
namespace {

/// Sums over the positions that are margined in one asset, or in all.
struct Totals {
  Amount wallet;
  Amount cross_wallet;
  Amount unrealized;
  Amount cross_unrealized;
  Amount initial;
  Amount maintenance;

  Amount margin_balance() const { return wallet + unrealized; }
  Amount available() const {
    const Amount free = cross_wallet + cross_unrealized - initial;
    return free.sign() < 0 ? Amount() : free;
  }
};

Totals totals_of(const Call& call, std::string_view asset) {
  const Account& account = *call.account;
  Totals totals;
  const auto wallet = account.wallets().find(asset);
  if (wallet != account.wallets().end()) totals.wallet = wallet->second;
  totals.cross_wallet = account.cross_wallet(asset);
  for (const auto& [key, position] : account.positions()) {
    if (call.world.symbols[key.symbol].margin_asset != asset) continue;
    const SymbolSetting setting = account.setting(key.symbol);
    const Amount mark = call.world.prices.at(key.symbol, call.now).mark;
    const Margin margin = margin_of(position, setting, mark);
    totals.unrealized += margin.unrealized;
    totals.initial += margin.initial;
    totals.maintenance += margin.maintenance;
    if (setting.margin_type == MarginType::cross) totals.cross_unrealized += margin.unrealized;
  }
  return totals;
}

void write_totals(JsonWriter& json, const Totals& totals) {
  constexpr int places = Amount::decimals;
  json.fixed("totalInitialMargin", totals.initial, places)
      .fixed("totalMaintMargin", totals.maintenance, places)
      .fixed("totalWalletBalance", totals.wallet, places)
      .fixed("totalUnrealizedProfit", totals.unrealized, places)
      .fixed("totalMarginBalance", totals.margin_balance(), places)
      .fixed("totalPositionInitialMargin", totals.initial, places)
      .fixed("totalOpenOrderInitialMargin", Amount(), places)
      .fixed("totalCrossWalletBalance", totals.cross_wallet, places)
      .fixed("totalCrossUnPnl", totals.cross_unrealized, places)
      .fixed("availableBalance", totals.available(), places)
      .fixed("maxWithdrawAmount", totals.available(), places);
}

enum class AccountVersion { v2, v3 };

void write_asset(JsonWriter& json, const Call& call, std::string_view asset,
                 AccountVersion version) {
  constexpr int places = Amount::decimals;
  const Totals totals = totals_of(call, asset);
  json.begin_object()
      .field("asset", asset)
      .fixed("walletBalance", totals.wallet, places)
      .fixed("unrealizedProfit", totals.unrealized, places)
      .fixed("marginBalance", totals.margin_balance(), places)
      .fixed("maintMargin", totals.maintenance, places)
      .fixed("initialMargin", totals.initial, places)
      .fixed("positionInitialMargin", totals.initial, places)
      .fixed("openOrderInitialMargin", Amount(), places);
  if (version == AccountVersion::v2) json.fixed("maxWithdrawAmount", totals.available(), places);
  json.fixed("crossWalletBalance", totals.cross_wallet, places)
      .fixed("crossUnPnl", totals.cross_unrealized, places)
      .fixed("availableBalance", totals.available(), places);
  if (version == AccountVersion::v2) {
    json.flag("marginAvailable", true);
  } else {
    json.fixed("maxWithdrawAmount", totals.available(), places);
  }
  json.field("updateTime", call.clock()).end_object();
}

void write_position_v2(JsonWriter& json, const Call& call, PositionKey key) {
  constexpr int places = Amount::decimals;
  const SymbolSpec& spec = call.world.symbols[key.symbol];
  const Position& position = call.account->position(key);
  const SymbolSetting setting = call.account->setting(key.symbol);
  const Margin margin =
      margin_of(position, setting, call.world.prices.at(key.symbol, call.now).mark);
  json.begin_object()
      .field("symbol", spec.name)
      .sum("initialMargin", margin.initial)
      .sum("maintMargin", margin.maintenance)
      .fixed("unrealizedProfit", margin.unrealized, places)
      .sum("positionInitialMargin", margin.initial)
      .field("openOrderInitialMargin", "0")
      .field("leverage", std::to_string(setting.leverage))
      .flag("isolated", setting.margin_type == MarginType::isolated)
      .field("entryPrice", position.entry_price)
      .field("breakEvenPrice", break_even_price(position))
      .field("maxNotional", max_notional_text(spec))
      .field("positionSide", position_side_text(key.side))
      .fixed("positionAmt", position.amount, spec.quantity_precision)
      .sum("notional", margin.notional)
      .sum("isolatedWallet", position.isolated_wallet)
      .field("updateTime", position.update_time)
      .field("bidNotional", "0")
      .field("askNotional", "0")
      .end_object();
}

void write_position_v3(JsonWriter& json, const Call& call, PositionKey key) {
  const SymbolSpec& spec = call.world.symbols[key.symbol];
  const Position& position = call.account->position(key);
  const SymbolSetting setting = call.account->setting(key.symbol);
  const Margin margin =
      margin_of(position, setting, call.world.prices.at(key.symbol, call.now).mark);
  json.begin_object()
      .field("symbol", spec.name)
      .field("positionSide", position_side_text(key.side))
      .fixed("positionAmt", position.amount, spec.quantity_precision)
      .fixed("unrealizedProfit", margin.unrealized, Amount::decimals)
      .sum("isolatedMargin", margin.isolated)
      .sum("notional", margin.notional)
      .sum("isolatedWallet", position.isolated_wallet)
      .sum("initialMargin", margin.initial)
      .sum("maintMargin", margin.maintenance)
      .field("updateTime", position.update_time)
      .end_object();
}

std::string account_body(const Call& call, AccountVersion version) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (version == AccountVersion::v2) {
    json.field("feeTier", 0)
        .flag("canTrade", true)
        .flag("canDeposit", true)
        .flag("canWithdraw", true)
        .field("tradeGroupId", -1)
        .field("updateTime", 0)
        .flag("multiAssetsMargin", false);
  }
  // In single-asset mode the totals are those of USDT.
  write_totals(json, totals_of(call, "USDT"));
  json.key("assets").begin_array();
  for (const auto& [asset, wallet] : call.account->wallets()) {
    write_asset(json, call, asset, version);
  }
  json.end_array().key("positions").begin_array();
  const auto write_position = version == AccountVersion::v2 ? write_position_v2 : write_position_v3;
  for (const auto& [key, position] : call.account->positions()) {
    if (position.is_open()) write_position(json, call, key);
  }
  json.end_array().end_object();
  return body;
}

}  // namespace

Result<std::string> account_config(const Call& call) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("feeTier", 0)
      .flag("canTrade", true)
      .flag("canDeposit", true)
      .flag("canWithdraw", true)
      .flag("dualSidePosition", call.account->mode() == PositionMode::hedge)
      .field("updateTime", 0)
      .flag("multiAssetsMargin", false)
      .field("tradeGroupId", -1)
      .end_object();
  return body;
}

Result<std::string> symbol_config(const Call& call) {
  const Result<std::optional<SymbolId>> symbol = call.symbol();
  if (!symbol) return tl::unexpected(symbol.error());
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (std::size_t index = 0; index < call.world.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    const SymbolSpec& spec = call.world.symbols[id];
    if (spec.market != Market::usdm || (*symbol && **symbol != id)) continue;
    const SymbolSetting setting = call.account->setting(id);
    json.begin_object()
        .field("symbol", spec.name)
        .field("marginType", setting.margin_type == MarginType::cross ? "CROSSED" : "ISOLATED")
        .flag("isAutoAddMargin", false)
        .field("leverage", setting.leverage)
        .field("maxNotionalValue", max_notional_text(spec))
        .end_object();
  }
  json.end_array();
  return body;
}

Result<std::string> position_mode(const Call& call) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .flag("dualSidePosition", call.account->mode() == PositionMode::hedge)
      .end_object();
  return body;
}

Result<std::string> account_v3(const Call& call) {
  return account_body(call, AccountVersion::v3);
}

Result<std::string> account_v2(const Call& call) {
  return account_body(call, AccountVersion::v2);
}

Result<std::string> balances(const Call& call) {
  constexpr int places = Amount::decimals;
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (const auto& [asset, wallet] : call.account->wallets()) {
    const Totals totals = totals_of(call, asset);
    json.begin_object()
        .field("accountAlias", "SimuLated")
        .field("asset", asset)
        .fixed("balance", wallet, places)
        .fixed("crossWalletBalance", totals.cross_wallet, places)
        .fixed("crossUnPnl", totals.cross_unrealized, places)
        .fixed("availableBalance", totals.available(), places)
        .fixed("maxWithdrawAmount", totals.available(), places)
        .flag("marginAvailable", true)
        .field("updateTime", call.clock())
        .end_object();
  }
  json.end_array();
  return body;
}

Result<std::string> leverage_brackets(const Call& call) {
  const Result<std::optional<SymbolId>> symbol = call.symbol();
  if (!symbol) return tl::unexpected(symbol.error());
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (std::size_t index = 0; index < call.world.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    const SymbolSpec& spec = call.world.symbols[id];
    if (spec.market != Market::usdm || (*symbol && **symbol != id)) continue;
    json.begin_object()
        .field("symbol", spec.name)
        .key("brackets")
        .raw(R"([{"bracket":1,"initialLeverage":125,"notionalCap":100000000,"notionalFloor":0,)"
             R"("maintMarginRatio":0.005,"cum":0.0}])")
        .end_object();
  }
  json.end_array();
  return body;
}

}  // namespace exchange
