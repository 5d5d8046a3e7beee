#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/core/values/decimal.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What the exchange calls the position side: BOTH in one-way mode, LONG and SHORT in hedge mode.
enum class PositionSide : std::uint8_t { both, long_side, short_side };
constexpr int position_side_count = 3;

// Which way the position points; follows from the sign of its amount.
enum class Side : std::uint8_t { long_side, short_side, flat };
constexpr int side_count = 3;

enum class MarginType : std::uint8_t { cross, isolated };
constexpr int margin_type_count = 2;

// One-way or hedge: whether the account may hold a long and a short leg of one symbol.
enum class PositionMode : std::uint8_t { one_way, hedge };

std::string_view to_string(PositionSide side);  // BOTH, LONG, SHORT
std::string_view to_string(Side side);          // LONG, SHORT, FLAT
std::string_view to_string(MarginType type);    // cross, isolated
std::string_view to_string(PositionMode mode);  // one-way, hedge

std::optional<PositionSide> parse_position_side(std::string_view text);
// Binance writes cross, CROSSED, crossed, isolated and ISOLATED for the two.
std::optional<MarginType> parse_margin_type(std::string_view text);

// What is known of one position of one account. The amount is signed, as the exchange sends it: the
// short leg is negative in hedge mode too.
struct Position {
  Decimal amount;
  Decimal entry_price;
  std::optional<Decimal> break_even_price;
  std::optional<Decimal> realized_pnl;
  std::optional<Decimal> isolated_wallet;
  std::optional<MarginType> margin_type;
  std::optional<std::uint32_t> leverage;
  // Exchange time of the last change.
  std::optional<WallTime> changed_at;

  bool is_open() const { return !amount.is_zero(); }
  Side side() const {
    if (amount.is_zero()) return Side::flat;
    return amount.is_negative() ? Side::short_side : Side::long_side;
  }
};

}  // namespace bridge
