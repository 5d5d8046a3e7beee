#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bridge/core/values/secret.hpp"

namespace bridge {

// How a user stream is addressed. Sources disagree about which of them Binance serves
// (binance.com: "Important WebSocket Change Notice", "User Data Streams", and its own SDKs).
enum class UserStreamForm : std::uint8_t {
  events,     // /ws?listenKey=KEY&events=A/B: the notice
  subscribe,  // /stream, then SUBSCRIBE with the key: what Binance's own SDKs do
  path,       // /ws/KEY: the older documentation; reported silent on mainnet since April 2026
};

std::string_view to_string(UserStreamForm form);  // events, subscribe, path

// Whether the answer to LIST_SUBSCRIPTIONS shows that a connection of this form carries the events
// of this key. With `events` the exchange lists KEY@EVENT for each event that it sends; the bare
// key means that it has overlooked the list and may send nothing.
bool carries_events(UserStreamForm form, const Secret& listen_key, std::span<const Secret> streams);

}  // namespace bridge
