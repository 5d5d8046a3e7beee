#pragma once

#include <optional>
#include <string_view>

#include "bridge/core/exchange/exchange_requests.hpp"

namespace bridge {

// What came back over HTTP. Views: valid during the call.
struct RestAnswer {
  int status = 0;
  std::string_view body;
  std::optional<Duration> retry_after;  // of the header
};

// Reads an answer to a request to `endpoint`. Every answer has a reading: what says no is
// `refused`, what says yes and cannot be read is `malformed`; `network` and `timeout` are for those
// who got no answer.
//
// One position that cannot be read makes positionRisk malformed, because a position that is missing
// from that list counts as closed. premiumIndex leaves out symbols without a price instead.
// keep_listen_key_alive may answer without naming a key (Portfolio Margin): then the key of the
// reply is empty, and the key in use lives on.
RestReply parse_reply(Endpoint endpoint, const RestAnswer& answer);

}  // namespace bridge
