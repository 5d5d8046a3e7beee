#pragma once

#include <string_view>

#include "tests/exchange/model/account.hpp"

namespace exchange {

/// Sums that the exchange shows beside a position. Nobody is liquidated by them here.
struct Margin {
  Amount notional;  // signed
  Amount unrealized;
  Amount initial;
  Amount maintenance;
  Amount isolated;           // the isolated wallet with its unrealised profit; zero on cross margin
  Amount liquidation_price;  // zero on cross margin: the exchange prints "0" for "far away"
};

Margin margin_of(const Position& position, SymbolSetting setting, Amount mark);

/// The largest position allowed, in the odd notations that the exchange uses.
std::string_view max_notional_text(const SymbolSpec& spec);

}  // namespace exchange
