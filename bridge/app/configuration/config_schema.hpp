#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Every key that a configuration may have. A key that is not here is refused, and a reader that
// asks for one is a programmer's error, so this list is neither too short nor a second truth.
namespace bridge::schema {

struct Table {
  std::string_view path;  // NAME stands for whatever the user calls it, SECRET for any secret
  std::span<const std::string_view> keys;
};

namespace keys {
inline constexpr std::array<std::string_view, 8> root{"bridge",      "publisher",   "http",
                                                      "mark_price",  "user_stream", "reconcile",
                                                      "environment", "account"};
inline constexpr std::array<std::string_view, 3> bridge{"instance", "log_level", "log_format"};
inline constexpr std::array<std::string_view, 4> publisher{"bind", "send_high_water_mark",
                                                           "heartbeat_interval", "curve"};
inline constexpr std::array<std::string_view, 2> curve{"secret_key_file", "allowed_clients"};
inline constexpr std::array<std::string_view, 2> curve_client{"name", "public_key"};
inline constexpr std::array<std::string_view, 3> http{"listen", "allow_remote",
                                                      "per_symbol_metrics"};
inline constexpr std::array<std::string_view, 3> mark_price{"interval", "mode", "stale_after"};
inline constexpr std::array<std::string_view, 1> user_stream{"form"};
inline constexpr std::array<std::string_view, 1> reconcile{"interval"};
inline constexpr std::array<std::string_view, 4> environment{"rest", "user_stream", "market_stream",
                                                             "ca_file"};
inline constexpr std::array<std::string_view, 8> account{
    "name",       "market",      "environment", "api_key",
    "api_secret", "private_key", "enabled",     "close_listen_key_on_stop"};
inline constexpr std::array<std::string_view, 3> secret{"env", "file", "credential"};
}  // namespace keys

inline constexpr Table root{"", keys::root};
inline constexpr Table bridge{"bridge", keys::bridge};
inline constexpr Table publisher{"publisher", keys::publisher};
inline constexpr Table curve{"publisher.curve", keys::curve};
inline constexpr Table curve_client{"publisher.curve.allowed_clients", keys::curve_client};
inline constexpr Table http{"http", keys::http};
inline constexpr Table mark_price{"mark_price", keys::mark_price};
inline constexpr Table user_stream{"user_stream", keys::user_stream};
inline constexpr Table reconcile{"reconcile", keys::reconcile};
inline constexpr Table environment{"environment.NAME", keys::environment};
inline constexpr Table account{"account", keys::account};
inline constexpr Table secret{"SECRET", keys::secret};

// "bridge.instance", "environment.NAME.rest", "SECRET.env", …
std::vector<std::string> every_key();

}  // namespace bridge::schema
