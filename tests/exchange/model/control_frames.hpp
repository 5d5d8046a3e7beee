#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/exchange/model/connection.hpp"

namespace exchange {

/// What follows a client's text frame: an answer, and perhaps the end of the connection.
struct ControlOutcome {
  std::string reply = {};
  std::optional<int> close_code = {};
  std::string_view close_reason = {};
};

/// SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY and GET_PROPERTY. Every well-formed
/// request is acknowledged, whatever the names in it lead to.
ControlOutcome handle_control_frame(Connection& connection, World& world, std::string_view text,
                                    UnixMs now);

}  // namespace exchange
