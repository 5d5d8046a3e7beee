#pragma once

#include <optional>

#include "tests/exchange/model/orders.hpp"
#include "tests/exchange/model/world.hpp"

namespace exchange {

/// What the account does next by its plan: opens, adds, reduces, flips or closes, whichever is
/// possible with what it holds. Nothing when nothing is.
std::optional<TradeOrder> choose_order(World& world, Member& member, UnixMs now);

/// When it does something after `now`: between a fifth and nine fifths of the mean interval.
UnixMs next_action_at(Member& member, UnixMs now);

}  // namespace exchange
