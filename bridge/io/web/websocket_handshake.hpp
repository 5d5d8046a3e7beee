#pragma once

#include <string>
#include <string_view>

#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"

// The HTTP upgrade that begins a WebSocket connection (RFC 6455, section 4).
namespace bridge {

// The server does not speak WebSocket with us.
struct UpgradeRefusal {
  int status = 0;    // what it answered; 0: nothing that is HTTP
  std::string text;  // a sentence for a log
};

// 16 random bytes in base64.
std::string make_websocket_key();

// The request as it is sent. The target is a secret, and so the whole is.
Secret upgrade_request(std::string_view authority, const Secret& target, std::string_view key);

// Whether the head of an answer, with the empty line that ends it, accepts the upgrade.
Result<void, UpgradeRefusal> check_upgrade_answer(std::string_view head, std::string_view key);

}  // namespace bridge
