#pragma once

#include <nlohmann/json.hpp>

#include "tests/exchange/model/exchange.hpp"

namespace exchange {

using OrderedJson = nlohmann::ordered_json;

/// What is so, for the control port: nothing here changes the exchange, and no key or secret shows.
OrderedJson position_view(const World& world, const Account& account, PositionKey key,
                          const Position& position);
OrderedJson account_view(const World& world, const Member& member);
OrderedJson truth_view(Exchange& exchange, UnixMs now);
/// One account with the history of its changes.
OrderedJson account_truth_view(const World& world, const Member& member, UnixMs now);
OrderedJson connections_view(const Exchange& exchange, UnixMs now);
OrderedJson requests_view(Exchange& exchange, UnixMs now);

}  // namespace exchange
