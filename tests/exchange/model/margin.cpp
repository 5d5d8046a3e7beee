#include "tests/exchange/model/margin.hpp"

namespace exchange {
namespace {

constexpr Amount maintenance_rate = Amount::from_units(500'000);  // 0.5 %

}  // namespace

Margin margin_of(const Position& position, SymbolSetting setting, Amount mark) {
  if (!position.is_open()) return {};
  Margin margin;
  margin.notional = position.amount * mark;
  margin.unrealized = unrealized_profit(position, mark);
  margin.initial = margin.notional.absolute() / Amount::whole(setting.leverage);
  margin.maintenance = margin.notional.absolute() * maintenance_rate;
  if (setting.margin_type == MarginType::isolated) {
    margin.isolated = position.isolated_wallet + margin.unrealized;
    const Amount room = position.isolated_wallet - margin.maintenance;
    const Amount price = position.entry_price - room / position.amount;
    margin.liquidation_price = price.sign() > 0 ? price : Amount();
  }
  return margin;
}

std::string_view max_notional_text(const SymbolSpec& spec) {
  if (spec.base == "BTC" || spec.base == "ETH") return "1.0E8";
  return spec.type == ContractType::tradfi_perpetual ? "2.0E7" : "1000000";
}

}  // namespace exchange
