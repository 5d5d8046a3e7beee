#pragma once

#include <cstdint>
#include <string>

namespace bridge {

enum class Encryption : std::uint8_t { tls, none };

// Where a server is and how it is spoken to.
struct ServerAddress {
  Encryption encryption = Encryption::tls;
  std::string host;  // a name or a numeric address, without brackets
  std::uint16_t port = 443;

  // 127.0.0.0/8, ::1 and the name localhost.
  bool is_loopback() const;
  // As the Host header wants it: the port only where it is not the scheme's own.
  std::string authority() const;

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

}  // namespace bridge
