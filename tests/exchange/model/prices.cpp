#include "tests/exchange/model/prices.hpp"

#include <algorithm>

namespace exchange {
namespace {

constexpr std::int64_t ppb_per_one = 1'000'000'000;

// Pulls a price back toward where it began, so that years of simulated time end neither at zero
// nor at infinity: half of the distance in about five days.
constexpr UnixMs time_to_return_ms = 600'000 * second_ms;

constexpr std::int64_t premium_ppb_max = 800'000;        // mark and index differ by 0.08 % at most
constexpr std::int64_t base_funding_rate_ppb = 100'000;  // 0.01 %, the exchange's interest rate

std::int64_t times_ppb(std::int64_t units, std::int64_t ppb) {
  return static_cast<std::int64_t>(Wide{units} * ppb / ppb_per_one);
}

/// How much farther a price walks in one step than in one second: the square root of the time.
std::int64_t stretch_percent(UnixMs step_ms) {
  const std::int64_t square = step_ms * 10'000 / second_ms;
  std::int64_t root = 1;
  while ((root + 1) * (root + 1) <= square) ++root;
  return root;
}

}  // namespace

PriceBoard::PriceBoard(const SymbolTable& symbols, std::uint64_t seed, int volatility_percent,
                       UnixMs start, UnixMs step_ms)
    : step_ms_(step_ms) {
  const std::int64_t stretch = stretch_percent(step_ms);
  walks_.reserve(symbols.size());
  for (std::size_t index = 0; index < symbols.size(); ++index) {
    const SymbolSpec& spec = symbols[static_cast<SymbolId>(index)];
    const auto units = static_cast<std::int64_t>(Amount::literal(spec.start_price).units());
    walks_.push_back(
        {.random = Random(seed_for(seed, spec.name)),
         .mark_units = units,
         .anchor_units = units,
         .volatility_ppb = std::int64_t{spec.volatility_ppm} * volatility_percent * stretch / 10,
         .premium_ppb = 0,
         .steps = start / step_ms,
         .has_funding = !is_dated(spec.type),
         .shown = {}});
    step(walks_.back());
    show(walks_.back());
  }
}

const MarkPrice& PriceBoard::at(SymbolId symbol, UnixMs now) {
  Walk& walk = walks_[symbol];
  const std::int64_t steps = now / step_ms_;
  if (steps <= walk.steps) return walk.shown;
  for (; walk.steps < steps; ++walk.steps) step(walk);
  show(walk);
  return walk.shown;
}

void PriceBoard::set_mark(SymbolId symbol, Amount mark, UnixMs now) {
  at(symbol, now);
  Walk& walk = walks_[symbol];
  walk.mark_units = static_cast<std::int64_t>(mark.units());
  walk.anchor_units = walk.mark_units;
  show(walk);
}

void PriceBoard::step(Walk& walk) const {
  const std::int64_t moved =
      times_ppb(walk.mark_units, walk.random.around_zero(walk.volatility_ppb));
  const std::int64_t pull = (walk.anchor_units - walk.mark_units) /
                            std::max<std::int64_t>(time_to_return_ms / step_ms_, 1);
  walk.mark_units = std::max(walk.mark_units + moved + pull, walk.anchor_units / 100 + 1);
  const std::int64_t drift = walk.random.around_zero(20'000) - walk.premium_ppb / 100;
  walk.premium_ppb = std::clamp(walk.premium_ppb + drift, -premium_ppb_max, premium_ppb_max);
}

void PriceBoard::show(Walk& walk) {
  const std::int64_t index = walk.mark_units - times_ppb(walk.mark_units, walk.premium_ppb);
  const std::int64_t settle = index + times_ppb(index, walk.premium_ppb / 3);
  // One unit of the eighth decimal is ten parts in a billion.
  const std::int64_t rate = (base_funding_rate_ppb + walk.premium_ppb / 4) / 10;
  walk.shown = {.mark = Amount::from_units(walk.mark_units),
                .index = Amount::from_units(index),
                .estimated_settle = Amount::from_units(settle),
                .funding_rate = Amount::from_units(walk.has_funding ? rate : 0)};
}

}  // namespace exchange
