#include "bridge/app/configuration/config_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <charconv>

namespace bridge {
namespace {

std::optional<in_addr> parse_ipv4(std::string_view host) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string{host}.c_str(), &address) != 1) return std::nullopt;
  return address;
}

std::optional<in6_addr> parse_ipv6(std::string_view host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string{host}.c_str(), &address) != 1) return std::nullopt;
  return address;
}

}  // namespace

bool is_ip_address(std::string_view host) {
  return parse_ipv4(host).has_value() || parse_ipv6(host).has_value();
}

bool is_loopback(std::string_view host) {
  if (const auto ipv4 = parse_ipv4(host)) return (ntohl(ipv4->s_addr) >> 24) == 127;
  if (const auto ipv6 = parse_ipv6(host)) return IN6_IS_ADDR_LOOPBACK(&*ipv6);
  return false;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || rest != end || port == 0) return std::nullopt;
  return port;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const bool is_valid = is_bracketed ? parse_ipv6(host).has_value() : parse_ipv4(host).has_value();
  if (!port || !is_valid) return std::nullopt;
  return ListenAddress{std::string{host}, *port};
}

std::string to_string(const ListenAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address.host, address.port)
                 : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace bridge
