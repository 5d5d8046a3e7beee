#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bridge {

// Why there is no connection to a server, or no longer one.
enum class NetworkFailureKind : std::uint8_t {
  resolve,      // its name has no address
  refused,      // it says no to TCP
  unreachable,  // no way to it, or no answer to TCP
  tls,          // it is not who it should be, or speaks no TLS that we accept
  reset,        // the connection ended without a word
};

std::string_view to_string(NetworkFailureKind kind);

// The text is fit for a log: it names the server and the system's reason, never a target.
struct NetworkFailure {
  NetworkFailureKind kind = NetworkFailureKind::reset;
  std::string text;
};

}  // namespace bridge
