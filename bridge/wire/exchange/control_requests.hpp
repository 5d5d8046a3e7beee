#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/mark_price_interval.hpp"
#include "bridge/core/exchange/user_stream_form.hpp"
#include "bridge/core/values/secret.hpp"

// What we say on a stream, and the names and addresses of streams.
namespace bridge {

// The stream of a symbol's mark price: "btcusdt@markPrice@1s". Only ASCII letters become lower
// case, whatever the locale: a symbol may be Chinese, and a name in the wrong case is accepted by
// the exchange and then silent.
std::string mark_price_stream_name(std::string_view symbol, MarkPriceInterval interval);

// The stream of the mark prices of all symbols: "!markPrice@arr@1s".
std::string_view all_mark_prices_stream_name(MarkPriceInterval interval);

// The names that a session's wish is about.
std::vector<std::string> mark_price_stream_names(const effect::ChangeSubscriptions& change,
                                                 MarkPriceInterval interval);

// Text frames. `id` comes back in the answer.
std::string subscribe_request(std::span<const std::string> streams, std::uint64_t id);
std::string unsubscribe_request(std::span<const std::string> streams, std::uint64_t id);
std::string list_subscriptions_request(std::uint64_t id);

// Where on the market route to connect before subscribing: with the envelope that names the stream.
constexpr std::string_view market_stream_target = "/stream";

// Where on the private route an account's events are; with the form `subscribe`, where to subscribe
// to them. With `events` they must be listed: without the list the exchange may send nothing at
// all. Only those that say something about positions are asked for.
Secret user_stream_target(UserStreamForm form, const Secret& listen_key);

// The text frame that subscribes to an account's events; holds the listen key.
Secret user_stream_subscribe_request(const Secret& listen_key, std::uint64_t id);

}  // namespace bridge
