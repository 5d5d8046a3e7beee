#pragma once

#include <array>
#include <cstddef>

#include "bridge/core/values/decimal.hpp"
#include "tests/exchange/model/amount.hpp"

namespace simulation {

/// 10^exponent for 0 to 38.
inline exchange::Wide power_of_ten(int exponent) {
  static constexpr auto powers = [] {
    std::array<exchange::Wide, 39> result{};
    exchange::Wide power = 1;
    for (std::size_t index = 0; index < result.size(); ++index) {
      result[index] = power;
      if (index + 1 < result.size()) power *= 10;
    }
    return result;
  }();
  return powers[static_cast<std::size_t>(exponent)];
}

/// Whether the bridge's number is `units` / 10^scale, by integers that neither of the two sides
/// has a hand in.
inline bool is_equal(const bridge::Decimal& ours, exchange::Wide units, int scale) {
  exchange::Wide coefficient = ours.coefficient();
  if (ours.scale() < scale) {
    coefficient *= power_of_ten(scale - ours.scale());
  } else {
    units *= power_of_ten(ours.scale() - scale);
  }
  return coefficient == units;
}

inline bool is_equal(const bridge::Decimal& ours, exchange::Amount truth) {
  return is_equal(ours, truth.units(), exchange::Amount::decimals);
}

}  // namespace simulation
