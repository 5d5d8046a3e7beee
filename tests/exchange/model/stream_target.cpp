#include "tests/exchange/model/stream_target.hpp"

#include <array>
#include <utility>

#include "tests/exchange/model/query.hpp"

namespace exchange {
namespace {

constexpr std::array<std::pair<std::string_view, Route>, 3> route_prefixes = {
    {{"/market", Route::market},
     {"/private", Route::private_user},
     {"/public", Route::public_book}}};

Route take_route(std::string_view& path) {
  for (const auto& [prefix, route] : route_prefixes) {
    if (path.starts_with(prefix)) {
      path.remove_prefix(prefix.size());
      return route;
    }
  }
  return Route::legacy;
}

void read_query(StreamTarget& target, std::string_view query) {
  for (const Parameter& parameter : parse_query(query)) {
    if (parameter.name == "streams") {
      for (std::string& name : split(parameter.value, '/')) {
        target.streams.push_back(std::move(name));
      }
    } else if (parameter.name == "listenKey") {
      target.user_streams.push_back({.listen_key = parameter.value});
    } else if (parameter.name == "events" && !target.user_streams.empty()) {
      // Events belong to the key before them: one address may name several keys.
      target.user_streams.back().events = split(parameter.value, '/');
    }
  }
}

}  // namespace

std::string_view route_text(Route route) {
  switch (route) {
    case Route::market: return "market";
    case Route::private_user: return "private";
    case Route::public_book: return "public";
    case Route::legacy: return "legacy";
  }
  return "";
}

std::optional<StreamTarget> parse_stream_target(std::string_view target) {
  auto [path, query] = split_target(target);
  StreamTarget parsed;
  parsed.route = take_route(path);
  if (path == "/ws" || path.starts_with("/ws/")) {
    parsed.framing = Framing::raw;
    path.remove_prefix(3);
    for (const std::string& name : split(path, '/')) parsed.streams.push_back(percent_decode(name));
  } else if (path == "/stream" || path == "/stream/") {
    parsed.framing = Framing::combined;
  } else {
    return std::nullopt;
  }
  read_query(parsed, query);
  return parsed;
}

}  // namespace exchange
