#include "tests/exchange/model/position.hpp"

#include <algorithm>

namespace exchange {
namespace {

constexpr Amount fee_rate = Amount::from_units(taker_fee_units);

/// What a close of `closed` releases of an isolated wallet, and of nothing else.
void release_isolated(Position& position, Amount closed) {
  const Amount held = position.amount.absolute();
  position.isolated_wallet -= position.isolated_wallet.scaled(closed, held);
}

}  // namespace

std::string_view position_side_text(PositionSide side) {
  switch (side) {
    case PositionSide::both: return "BOTH";
    case PositionSide::long_leg: return "LONG";
    case PositionSide::short_leg: return "SHORT";
  }
  return "";
}

Amount taker_fee(Amount notional) {
  return notional.absolute() * fee_rate;
}

Amount break_even_price(const Position& position) {
  if (!position.is_open()) return Amount();
  const Amount fee = position.entry_price * fee_rate;
  return position.amount.sign() > 0 ? position.entry_price + fee : position.entry_price - fee;
}

Amount unrealized_profit(const Position& position, Amount mark) {
  if (!position.is_open()) return Amount();
  return (mark - position.entry_price) * position.amount;
}

FillOutcome apply_fill(Position& position, Amount signed_quantity, Amount price) {
  const Amount held = position.amount.absolute();
  const Amount filled = signed_quantity.absolute();
  FillOutcome outcome;
  if (position.is_open() && position.amount.sign() != signed_quantity.sign()) {
    outcome.closed = std::min(held, filled);
    const Amount gain = price - position.entry_price;
    outcome.realized = (position.amount.sign() > 0 ? gain : -gain) * outcome.closed;
    release_isolated(position, outcome.closed);
  }
  outcome.opened = filled - outcome.closed;
  const Amount remaining = held - outcome.closed;
  position.amount += signed_quantity;
  position.realized += outcome.realized;
  if (!position.is_open()) {
    position.entry_price = Amount();
  } else if (remaining.is_zero()) {
    position.entry_price = price;
  } else if (!outcome.opened.is_zero()) {
    const Wide cost =
        position.entry_price.units() * remaining.units() + price.units() * outcome.opened.units();
    const Wide quantity = (remaining + outcome.opened).units();
    position.entry_price = Amount::from_units((cost + quantity / 2) / quantity);
  }
  return outcome;
}

}  // namespace exchange
