#include "tests/simulation/checkers/valuation_checker.hpp"

#include <optional>

#include "tests/simulation/exact.hpp"

namespace simulation {
namespace {

/// In units of the eighth decimal; nothing when there are more decimals than the exchange sends.
std::optional<exchange::Wide> units_of(const bridge::Decimal& value) {
  constexpr int decimals = exchange::Amount::decimals;
  if (value.scale() <= decimals)
    return value.coefficient() * power_of_ten(decimals - value.scale());
  const exchange::Wide beyond = power_of_ten(value.scale() - decimals);
  if (value.coefficient() % beyond != 0) return std::nullopt;
  return value.coefficient() / beyond;
}

}  // namespace

void ValuationChecker::published_position(const bridge::PositionUpdate& update,
                                          AccountIndex account) {
  const auto complain = [&](const std::string& text) {
    report(scene().account_name(account) + " " + std::string(update.symbol) + ": " + text);
  };
  if (update.mark_price == nullptr) {
    if (update.unrealized_pnl || update.notional) complain("a value without a price");
    return;
  }
  const auto mark = units_of(update.mark_price->mark_price);
  const auto entry = units_of(update.position.entry_price);
  const auto amount = units_of(update.position.amount);
  if (!mark || !entry || !amount) return complain("more decimals than were sent");
  if (!update.unrealized_pnl || !update.notional) return complain("no value");
  constexpr int product_decimals = 2 * exchange::Amount::decimals;
  if (!is_equal(*update.unrealized_pnl, (*mark - *entry) * *amount, product_decimals))
    complain("profit " + update.unrealized_pnl->to_string() + " does not follow from " +
             update.position.amount.to_string() + " at " + update.position.entry_price.to_string() +
             " and the mark price " + update.mark_price->mark_price.to_string());
  if (!is_equal(*update.notional, *mark * *amount, product_decimals))
    complain("the notional does not follow from amount and mark price");
}

void ValuationChecker::settled(AccountIndex account) {
  const auto view = scene().driver.feed().view(account);
  if (view.state != bridge::AccountState::live) return;
  for (const auto& entry : view.book.entries()) {
    const auto symbol = listed(entry.symbol);
    if (!symbol) continue;
    const HeldPosition* const held =
        scene().subscriber.find(account, {*symbol, to_exchange(entry.position_side)});
    if (held == nullptr) {
      if (entry.position.is_open()) report("an open position was not published");
      continue;
    }
    if (held->position.amount != entry.position.amount)
      report(scene().account_name(account) + " " + held->symbol + ": the book has " +
             entry.position.amount.to_string() + " and published " +
             held->position.amount.to_string());
  }
}

std::optional<exchange::SymbolId> ValuationChecker::listed(bridge::SymbolId symbol) {
  const bridge::SymbolTable& known = scene().driver.feed().symbols();
  while (listed_.size() <= symbol) {
    const auto next = static_cast<bridge::SymbolId>(listed_.size());
    listed_.push_back(scene().exchange.world().symbols.find(known.name(next)));
  }
  return listed_[symbol];
}

}  // namespace simulation
