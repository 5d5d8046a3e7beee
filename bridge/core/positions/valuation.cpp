#include "bridge/core/positions/valuation.hpp"

namespace bridge {
namespace {

std::optional<Decimal> product(const std::optional<Decimal>& a, const std::optional<Decimal>& b) {
  if (!a || !b) return std::nullopt;
  return multiply(*a, *b);
}

std::optional<Decimal> normalized(const std::optional<Decimal>& value) {
  if (!value) return std::nullopt;
  return value->normalized();
}

bool is_price(const Decimal& value) {
  return !value.is_zero() && !value.is_negative();
}

}  // namespace

std::optional<Decimal> linear_unrealized_pnl(const Decimal& amount, const Decimal& entry_price,
                                             const Decimal& mark_price) {
  return normalized(product(subtract(mark_price, entry_price), amount));
}

std::optional<Decimal> linear_notional(const Decimal& amount, const Decimal& mark_price) {
  return normalized(multiply(amount, mark_price));
}

std::optional<Decimal> inverse_unrealized_pnl(const Decimal& contracts,
                                              const Decimal& contract_size,
                                              const Decimal& entry_price,
                                              const Decimal& mark_price) {
  if (contracts.is_zero()) return Decimal{};
  if (!is_price(entry_price) || !is_price(mark_price)) return std::nullopt;
  // 1/entry - 1/mark = (mark - entry) / (entry * mark): one division, one rounding.
  const auto numerator =
      product(product(subtract(mark_price, entry_price), contracts), contract_size);
  const auto denominator = multiply(entry_price, mark_price);
  if (!numerator || !denominator) return std::nullopt;
  return normalized(
      divide(numerator->normalized(), denominator->normalized(), inverse_value_scale));
}

std::optional<Decimal> inverse_notional(const Decimal& contracts, const Decimal& contract_size,
                                        const Decimal& mark_price) {
  if (!is_price(mark_price)) return std::nullopt;
  const auto numerator = multiply(contracts, contract_size);
  if (!numerator) return std::nullopt;
  return normalized(divide(*numerator, mark_price, inverse_value_scale));
}

}  // namespace bridge
