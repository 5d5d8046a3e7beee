#include "tests/exchange/model/json_writer.hpp"
#include "tests/exchange/model/rest_endpoints.hpp"

namespace exchange {
namespace {

std::string_view underlying_type(const SymbolSpec& spec) {
  if (spec.type != ContractType::tradfi_perpetual) return "COIN";
  return spec.base.starts_with("XA") ? "COMMODITY" : "EQUITY";
}

void write_filters(JsonWriter& json, const SymbolSpec& spec) {
  const std::string step = step_of(spec).text();
  json.key("filters").begin_array();
  json.begin_object()
      .field("filterType", "PRICE_FILTER")
      .field("minPrice", spec.tick_size)
      .field("maxPrice", "4529764")
      .field("tickSize", spec.tick_size)
      .end_object();
  json.begin_object()
      .field("stepSize", step)
      .field("minQty", step)
      .field("filterType", "LOT_SIZE")
      .field("maxQty", "10000000")
      .end_object();
  json.begin_object()
      .field("maxQty", "10000000")
      .field("minQty", step)
      .field("stepSize", step)
      .field("filterType", "MARKET_LOT_SIZE")
      .end_object();
  json.begin_object().field("limit", 200).field("filterType", "MAX_NUM_ORDERS").end_object();
  json.begin_object().field("limit", 10).field("filterType", "MAX_NUM_ALGO_ORDERS").end_object();
  json.begin_object().field("notional", "5").field("filterType", "MIN_NOTIONAL").end_object();
  json.begin_object()
      .field("multiplierDecimal", "4")
      .field("multiplierDown", "0.9500")
      .field("filterType", "PERCENT_PRICE")
      .field("multiplierUp", "1.0500")
      .end_object();
  json.end_array();
}

void write_symbol(JsonWriter& json, const Call& call, const SymbolSpec& spec) {
  const bool settling = call.world.faults.silences_symbol(spec.name, call.now);
  json.begin_object()
      .field("symbol", spec.name)
      .field("pair", pair_of(spec))
      .field("contractType", contract_type_text(spec.type))
      .field("deliveryDate", delivery_time(spec.type))
      .field("onboardDate", 1'569'398'400'000)
      .field("status", settling ? "SETTLING" : "TRADING")
      .field("maintMarginPercent", "2.5000")
      .field("requiredMarginPercent", "5.0000")
      .field("baseAsset", spec.base)
      .field("quoteAsset", spec.quote)
      .field("marginAsset", spec.margin_asset)
      .field("pricePrecision", spec.price_precision)
      .field("quantityPrecision", spec.quantity_precision)
      .field("baseAssetPrecision", 8)
      .field("quotePrecision", 8)
      .field("underlyingType", underlying_type(spec))
      .key("underlyingSubType")
      .raw("[]")
      .field("triggerProtect", "0.0500")
      .field("liquidationFee", "0.012500")
      .field("marketTakeBound", "0.05")
      .field("maxMoveOrderLimit", 10'000);
  write_filters(json, spec);
  json.key("orderTypes")
      .raw(R"(["LIMIT","MARKET","STOP","STOP_MARKET","TAKE_PROFIT","TAKE_PROFIT_MARKET",)"
           R"("TRAILING_STOP_MARKET"])")
      .key("timeInForce")
      .raw(R"(["GTC","IOC","FOK","GTX","GTD"])")
      .end_object();
}

void write_premium(JsonWriter& json, const Call& call, SymbolId id) {
  const SymbolSpec& spec = call.world.symbols[id];
  const MarkPrice& price = call.world.prices.at(id, call.now);
  const bool dated = is_dated(spec.type);
  json.begin_object()
      .field("symbol", spec.name)
      .fixed("markPrice", price.mark, Amount::decimals)
      .fixed("indexPrice", price.index, Amount::decimals)
      .fixed("estimatedSettlePrice", price.estimated_settle, Amount::decimals)
      .fixed("lastFundingRate", price.funding_rate, Amount::decimals)
      .field("interestRate", dated ? "0.00000000" : "0.00010000")
      .field("nextFundingTime", dated ? 0 : call.world.next_funding(call.now))
      .field("time", call.clock() / second_ms * second_ms)
      .end_object();
}

}  // namespace

Result<std::string> ping(const Call&) {
  return std::string("{}");
}

Result<std::string> server_time(const Call& call) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("serverTime", call.clock() + call.world.faults.server_time_offset(call.now))
      .end_object();
  return body;
}

Result<std::string> exchange_info(const Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object()
      .field("timezone", "UTC")
      .field("serverTime", call.clock())
      .field("futuresType", "U_MARGINED")
      .key("rateLimits")
      .begin_array();
  json.begin_object()
      .field("rateLimitType", "REQUEST_WEIGHT")
      .field("interval", "MINUTE")
      .field("intervalNum", 1)
      .field("limit", call.world.rules.weight_per_minute_max)
      .end_object();
  json.raw(R"({"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":1200})")
      .raw(R"({"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300})")
      .end_array()
      .key("exchangeFilters")
      .raw("[]")
      .key("assets")
      .raw(R"([{"asset":"USDT","marginAvailable":true,"autoAssetExchange":"-10000"},)"
           R"({"asset":"BTC","marginAvailable":true,"autoAssetExchange":"-0.10000000"},)"
           R"({"asset":"USDC","marginAvailable":true,"autoAssetExchange":"-10000"}])")
      .key("symbols")
      .begin_array();
  for (std::size_t index = 0; index < call.world.symbols.size(); ++index) {
    const SymbolSpec& spec = call.world.symbols[static_cast<SymbolId>(index)];
    if (spec.market == Market::usdm) write_symbol(json, call, spec);
  }
  json.end_array().end_object();
  return body;
}

Result<std::string> premium_index(const Call& call) {
  const Result<std::optional<SymbolId>> symbol = call.symbol();
  if (!symbol) return tl::unexpected(symbol.error());
  std::string body;
  JsonWriter json(body);
  if (*symbol) {
    write_premium(json, call, **symbol);
    return body;
  }
  json.begin_array();
  for (std::size_t index = 0; index < call.world.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    if (call.world.symbols[id].market == Market::usdm) write_premium(json, call, id);
  }
  json.end_array();
  return body;
}

}  // namespace exchange
