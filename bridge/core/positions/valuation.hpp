#pragma once

#include <optional>

#include "bridge/core/values/decimal.hpp"

// What a position is worth at a mark price. The sign of the amount is the sign of the position.
namespace bridge {

// How many places an inverse contract's value has; Binance rounds coins to 8.
constexpr int inverse_value_scale = 8;

// (mark - entry) * amount, exact, without trailing zeros. Nothing where that has more than 38
// digits.
std::optional<Decimal> linear_unrealized_pnl(const Decimal& amount, const Decimal& entry_price,
                                             const Decimal& mark_price);

// amount * mark, exact, without trailing zeros.
std::optional<Decimal> linear_notional(const Decimal& amount, const Decimal& mark_price);

// amount * contract size * (1/entry - 1/mark) in the base coin, rounded half-even to 8 places.
// Nothing for prices that are not positive.
std::optional<Decimal> inverse_unrealized_pnl(const Decimal& contracts,
                                              const Decimal& contract_size,
                                              const Decimal& entry_price,
                                              const Decimal& mark_price);

// amount * contract size / mark in the base coin, rounded half-even to 8 places.
std::optional<Decimal> inverse_notional(const Decimal& contracts, const Decimal& contract_size,
                                        const Decimal& mark_price);

}  // namespace bridge
