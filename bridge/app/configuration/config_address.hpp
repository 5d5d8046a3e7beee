#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/values/result.hpp"

// Addresses that the bridge listens on.
namespace bridge {

// A numeric address and a port: names are not accepted where something is bound, because what they
// mean is decided elsewhere.
struct ListenAddress {
  std::string host;  // "127.0.0.1", "::1": without brackets
  std::uint16_t port = 0;

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// "127.0.0.1:9464" or "[::1]:9464".
std::string to_string(const ListenAddress& address);

std::optional<ListenAddress> parse_listen_address(std::string_view text);

// 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

bool is_ip_address(std::string_view host);

// 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

}  // namespace bridge
