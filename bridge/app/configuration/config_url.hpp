#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/core/values/result.hpp"

namespace bridge {

// The address of a service of the exchange. It carries no user, no query and no fragment: those
// could hold secrets, and a configuration has no use for them.
struct Url {
  enum class Scheme : std::uint8_t { http, https, ws, wss };

  Scheme scheme = Scheme::https;
  std::string host;        // without brackets
  std::uint16_t port = 0;  // always set, to the scheme's own where the text had none
  std::string path;        // "" or "/private": no slash at the end

  bool is_encrypted() const { return scheme == Scheme::https || scheme == Scheme::wss; }

  friend bool operator==(const Url&, const Url&) = default;
};

// The port is left out where it is the scheme's own.
std::string to_string(const Url& url);

enum class UrlKind : std::uint8_t { rest, stream };

// REST addresses are https://host[:port]; streams are wss://host[:port][/route]. Without encryption
// only addresses of this machine are accepted, since keys and listen keys travel in requests.
Result<Url, ValueProblem> parse_url(std::string_view text, UrlKind kind);

}  // namespace bridge
