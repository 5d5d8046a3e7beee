#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exchange {

/// The part of the exchange that a WebSocket's path leads to. One connection has one route, and
/// what another route serves is acknowledged and never comes.
enum class Route { market, private_user, public_book, legacy };

std::string_view route_text(Route route);

/// How messages are wrapped: bare, or as {"stream":…,"data":…}.
enum class Framing { raw, combined };

/// A user stream that was named in the address: `?listenKey=K&events=A/B`.
struct NamedUserStream {
  std::string listen_key;
  std::optional<std::vector<std::string>> events = {};  // absent: no events= was given
};

/// What a WebSocket's address asks for.
struct StreamTarget {
  Route route = Route::legacy;
  Framing framing = Framing::raw;
  std::vector<std::string> streams;  // from the path or from streams=
  std::vector<NamedUserStream> user_streams;
};

/// Understands the target of a handshake; nothing when there is no such path.
std::optional<StreamTarget> parse_stream_target(std::string_view target);

}  // namespace exchange
