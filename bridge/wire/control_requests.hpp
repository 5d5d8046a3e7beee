#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bridge/core/mark_price_interval.hpp"
#include "bridge/core/secret.hpp"

// What we say on a stream, and the names and addresses of streams.
namespace bridge {

// The stream of a symbol's mark price: "btcusdt@markPrice@1s". Only ASCII letters become lower
// case, whatever the locale: a symbol may be Chinese, and a name in the wrong case is accepted by
// the exchange and then silent.
std::string mark_price_stream_name(std::string_view symbol, MarkPriceInterval interval);

// Text frames. `id` comes back in the answer.
std::string subscribe_request(std::span<const std::string> streams, std::uint64_t id);
std::string unsubscribe_request(std::span<const std::string> streams, std::uint64_t id);
std::string list_subscriptions_request(std::uint64_t id);

// Where on the market route to connect before subscribing: with the envelope that names the stream.
constexpr std::string_view market_stream_target = "/stream";

// Where on the private route an account's events are. The events must be listed: without the list
// the exchange may send nothing at all. Only those that say something about positions are asked
// for.
Secret user_stream_target(const Secret& listen_key);

}  // namespace bridge
