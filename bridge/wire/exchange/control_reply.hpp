#pragma once

#include <string_view>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/wire/exchange/json_walk.hpp"

// Answers to SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS; they come on both kinds of stream. For the
// .cpp files of wire/ only.
namespace bridge::json {

// Whether a member of this name, beside no `e`, makes a message the answer to a control request.
bool marks_control_reply(std::string_view key);

// `object` is at its beginning. Understood are {"result":…,"id":…}, {"error":{"code","msg"},"id":…}
// and {"code","msg"} alone, which is what the exchange's documentation shows.
Result<ControlReply, ParseError> read_control_reply(ondemand::object& object, TextEnd end);

}  // namespace bridge::json
