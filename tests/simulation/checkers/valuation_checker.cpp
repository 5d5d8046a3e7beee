#include "tests/simulation/checkers/valuation_checker.hpp"

#include <optional>

#include "tests/simulation/exact.hpp"

namespace simulation {
namespace {

/// In units of the eighth decimal; nothing when there are more decimals than the exchange sends.
std::optional<exchange::Wide> units_of(const bridge::Decimal& value) {
  constexpr int decimals = exchange::Amount::decimals;
  const bridge::Decimal shortest = value.normalized();
  if (shortest.scale() > decimals) return std::nullopt;
  return shortest.coefficient() * power_of_ten(decimals - shortest.scale());
}

}  // namespace

void ValuationChecker::published_position(const bridge::PositionUpdate& update,
                                          AccountIndex account) {
  const std::string subject = scene().account_name(account) + " " + std::string(update.symbol);
  if (update.mark_price == nullptr) {
    if (update.unrealized_pnl || update.notional) report(subject + ": a value without a price");
    return;
  }
  const auto mark = units_of(update.mark_price->mark_price);
  const auto entry = units_of(update.position.entry_price);
  const auto amount = units_of(update.position.amount);
  if (!mark || !entry || !amount) return report(subject + ": more decimals than were sent");
  if (!update.unrealized_pnl || !update.notional) return report(subject + ": no value");
  constexpr int product_decimals = 2 * exchange::Amount::decimals;
  if (!is_equal(*update.unrealized_pnl, (*mark - *entry) * *amount, product_decimals))
    report(subject + ": profit " + update.unrealized_pnl->to_string() + " does not follow from " +
           update.position.amount.to_string() + " at " + update.position.entry_price.to_string() +
           " and the mark price " + update.mark_price->mark_price.to_string());
  if (!is_equal(*update.notional, *mark * *amount, product_decimals))
    report(subject + ": the notional does not follow from amount and mark price");
}

void ValuationChecker::settled(AccountIndex account) {
  const auto view = scene().driver.feed().view(account);
  if (view.state != bridge::AccountState::live) return;
  for (const auto& entry : view.book.entries()) {
    const auto symbol =
        scene().exchange.world().symbols.find(scene().driver.feed().symbols().name(entry.symbol));
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

}  // namespace simulation
