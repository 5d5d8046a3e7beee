#include "bridge/io/web/server_address.hpp"

#include <boost/asio/ip/address.hpp>

namespace bridge {

bool ServerAddress::is_loopback() const {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

std::string ServerAddress::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::uint16_t usual_port = encryption == Encryption::tls ? 443 : 80;
  std::string text;
  if (is_ipv6) text.push_back('[');
  text.append(host);
  if (is_ipv6) text.push_back(']');
  if (port != usual_port) text.append(":").append(std::to_string(port));
  return text;
}

}  // namespace bridge
