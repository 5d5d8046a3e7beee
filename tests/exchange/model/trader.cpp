#include "tests/exchange/model/trader.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace exchange {
namespace {

enum class Action { open, add, reduce, flip, close };

constexpr std::int64_t smallest_notional = 100;
constexpr std::int64_t largest_notional = 3'000;

Action choose_action(Member& member, bool room_for_more) {
  const TradingPlan& plan = member.trading;
  const std::array<std::pair<Action, int>, 5> weights = {{{Action::open, plan.open},
                                                          {Action::add, plan.add},
                                                          {Action::reduce, plan.reduce},
                                                          {Action::flip, plan.flip},
                                                          {Action::close, plan.close}}};
  if (member.account.open_count() == 0) return Action::open;
  int total = 0;
  for (const auto& [action, weight] : weights) total += weight;
  auto drawn =
      static_cast<int>(member.random.below(static_cast<std::uint64_t>(std::max(total, 1))));
  Action chosen = Action::close;
  for (const auto& [action, weight] : weights) {
    if (drawn < weight) {
      chosen = action;
      break;
    }
    drawn -= weight;
  }
  return chosen == Action::open && !room_for_more ? Action::close : chosen;
}

bool is_tradable(const SymbolSpec& spec) {
  // Order sizes are meant in dollars.
  return spec.market == Market::usdm && spec.margin_asset != "BTC";
}

std::vector<SymbolId> tradable_symbols(const World& world, const TradingPlan& plan) {
  std::vector<SymbolId> symbols;
  for (const std::string& name : plan.symbols) {
    if (const auto id = world.symbols.find(name)) symbols.push_back(*id);
  }
  if (!plan.symbols.empty()) return symbols;
  for (std::size_t index = 0; index < world.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    if (is_tradable(world.symbols[id])) symbols.push_back(id);
  }
  return symbols;
}

PositionKey pick_open_position(Member& member) {
  auto skip = member.random.below(static_cast<std::uint64_t>(member.account.open_count()));
  for (const auto& [key, position] : member.account.positions()) {
    if (position.is_open() && skip-- == 0) return key;
  }
  return {};
}

Amount random_quantity(World& world, Member& member, SymbolId symbol, UnixMs now) {
  const Amount step = step_of(world.symbols[symbol]);
  const Amount notional = Amount::whole(member.random.between(smallest_notional, largest_notional));
  const Amount quantity = (notional / world.prices.at(symbol, now).mark).truncated_to(step);
  return std::max(quantity, step);
}

TradeOrder order_for(const World& world, PositionKey key, Amount signed_quantity) {
  return {.symbol = std::string(world.symbols[key.symbol].name),
          .side = signed_quantity.sign() > 0 ? OrderSide::buy : OrderSide::sell,
          .position_side = key.side,
          .quantity = signed_quantity.absolute()};
}

std::optional<TradeOrder> open_order(World& world, Member& member, UnixMs now) {
  const std::vector<SymbolId> symbols = tradable_symbols(world, member.trading);
  if (symbols.empty()) return std::nullopt;
  const SymbolId symbol = symbols[member.random.below(symbols.size())];
  const bool buys = member.random.below(2) == 0;
  PositionKey key{symbol, PositionSide::both};
  if (member.account.mode() == PositionMode::hedge) {
    key.side = buys ? PositionSide::long_leg : PositionSide::short_leg;
  }
  const Amount quantity = random_quantity(world, member, symbol, now);
  return order_for(world, key, buys ? quantity : -quantity);
}

Amount reduced_quantity(const World& world, Member& member, PositionKey key) {
  const Amount held = member.account.position(key).amount;
  const Amount part = Amount::from_units(member.random.between(20, 80) * 1'000'000);
  const Amount quantity = (held * part).truncated_to(step_of(world.symbols[key.symbol]));
  return quantity.is_zero() ? -held : -quantity;
}

/// Through zero in one-way mode; in hedge mode the other leg is opened instead.
TradeOrder flip_order(World& world, Member& member, PositionKey key, UnixMs now) {
  const Amount held = member.account.position(key).amount;
  const Amount more = random_quantity(world, member, key.symbol, now);
  if (key.side == PositionSide::both) {
    return order_for(world, key, held.sign() > 0 ? -(held + more) : more - held);
  }
  const bool was_long = key.side == PositionSide::long_leg;
  const PositionSide other = was_long ? PositionSide::short_leg : PositionSide::long_leg;
  return order_for(world, {key.symbol, other}, was_long ? -more : more);
}

}  // namespace

std::optional<TradeOrder> choose_order(World& world, Member& member, UnixMs now) {
  const bool room = member.account.open_count() < member.trading.positions_max;
  const Action action = choose_action(member, room);
  if (action == Action::open) return open_order(world, member, now);
  const PositionKey key = pick_open_position(member);
  const Amount held = member.account.position(key).amount;
  switch (action) {
    case Action::add: {
      const Amount more = random_quantity(world, member, key.symbol, now);
      return order_for(world, key, held.sign() > 0 ? more : -more);
    }
    case Action::reduce: return order_for(world, key, reduced_quantity(world, member, key));
    case Action::flip: return flip_order(world, member, key, now);
    default: return order_for(world, key, -held);
  }
}

UnixMs next_action_at(Member& member, UnixMs now) {
  const UnixMs mean = member.trading.mean_interval_ms;
  return now + std::max<UnixMs>(1, member.random.between(mean / 5, mean * 9 / 5));
}

}  // namespace exchange
