#pragma once

#include <compare>
#include <string_view>

#include "tests/exchange/model/amount.hpp"
#include "tests/exchange/model/symbols.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

/// What the exchange calls the side of a position: `both` in one-way mode, a leg in hedge mode.
enum class PositionSide { both, long_leg, short_leg };

std::string_view position_side_text(PositionSide side);

enum class MarginType { cross, isolated };

struct PositionKey {
  SymbolId symbol = 0;
  PositionSide side = PositionSide::both;

  friend auto operator<=>(const PositionKey&, const PositionKey&) = default;
};

/// One position. It stays after it was closed, because its realised profit goes on adding up.
struct Position {
  Amount amount;  // signed; a short leg is negative too
  Amount entry_price;
  Amount realized;         // accumulated, before fees
  Amount isolated_wallet;  // zero on cross margin
  UnixMs update_time = 0;

  bool is_open() const { return !amount.is_zero(); }
};

/// Fees are left out of realised profit, so they are seen in the break-even price only.
inline constexpr std::int64_t taker_fee_units = 50'000;  // 0.05 %
Amount taker_fee(Amount notional);
Amount break_even_price(const Position& position);
Amount unrealized_profit(const Position& position, Amount mark);

struct FillOutcome {
  Amount realized;  // by this fill, before fees
  Amount opened;    // how much of the fill opened or added, without a sign
  Amount closed;    // how much of it closed
};

/// Applies a fill of `signed_quantity` at `price`: adds with an averaged entry price, reduces and
/// realises, or goes through zero and opens the rest on the other side at `price`.
FillOutcome apply_fill(Position& position, Amount signed_quantity, Amount price);

}  // namespace exchange
