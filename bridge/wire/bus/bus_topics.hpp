#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/exchange/position.hpp"

// The first frame of every message. Subscribers match it by its beginning, and a subscriber's
// filter ends with a dot; so a part of a topic must hold neither dots nor what other buses use as
// wildcards.
namespace bridge {

constexpr std::string_view heartbeat_topic = "bridge.heartbeat";
constexpr std::string_view shutdown_topic = "bridge.shutdown";

// position.update.<account>.<symbol>.<position side>
std::string position_update_topic(std::string_view account, std::string_view symbol,
                                  PositionSide side);

// account.status.<account>
std::string account_status_topic(std::string_view account);

// snapshot.<nonce>.<scope>, which a subscriber makes up and subscribes to: 16 to 32 hexadecimal
// digits of its own, and "all" or what could be the name of an account.
constexpr std::string_view snapshot_topic_prefix = "snapshot.";
constexpr std::string_view every_account = "all";
// The scope, as a part of `topic`; nothing when the topic is no such one.
std::optional<std::string_view> snapshot_scope(std::string_view topic);

// A part of a topic: dots, spaces, control characters, '*' and '>' become '_', and what is no UTF-8
// is replaced. The names of accounts and all symbols that the exchange has ever had stay as they
// are.
std::string topic_part(std::string_view text);

}  // namespace bridge
