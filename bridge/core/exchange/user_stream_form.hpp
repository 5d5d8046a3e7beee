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

constexpr int user_stream_form_count = 3;

std::string_view to_string(UserStreamForm form);  // events, subscribe, path

// What an answer to LIST_SUBSCRIPTIONS shows of a connection. With `events` the exchange lists
// KEY@EVENT for each event that it sends; the bare key may mean that it has overlooked the list and
// sends nothing. The other forms list the bare key.
enum class StreamListing : std::uint8_t { nothing, bare_key, events };

StreamListing listing_of(const Secret& listen_key, std::span<const Secret> streams);

}  // namespace bridge
