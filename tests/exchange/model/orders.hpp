#pragma once

#include <optional>
#include <string>

#include "tests/exchange/model/position.hpp"

namespace exchange {

enum class OrderSide { buy, sell };

/// Why an order was made; shows in its client order id, as on the exchange.
enum class OrderCause { user, liquidation, auto_deleveraging };

/// A market order that fills at once and in full.
struct TradeOrder {
  std::string symbol;
  OrderSide side = OrderSide::buy;
  PositionSide position_side = PositionSide::both;
  Amount quantity;
  std::optional<Amount> price = {};  // absent: the mark price, on the tick
  OrderCause cause = OrderCause::user;
};

/// When it happened, and what the account holds afterwards.
struct TradeReceipt {
  UnixMs time = 0;
  PositionKey key;
  Amount price;
  Position position;
};

}  // namespace exchange
