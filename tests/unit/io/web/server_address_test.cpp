#include "bridge/io/web/server_address.hpp"

#include <gtest/gtest.h>

namespace bridge {
namespace {

ServerAddress address(Encryption encryption, const char* host, std::uint16_t port) {
  return {.encryption = encryption, .host = host, .port = port};
}

TEST(ServerAddress, KnowsAddressesOfThisMachine) {
  for (const char* host : {"127.0.0.1", "127.255.3.4", "::1", "localhost"}) {
    EXPECT_TRUE(address(Encryption::none, host, 80).is_loopback()) << host;
  }
  for (const char* host : {"128.0.0.1", "0.0.0.0", "::", "localhost.example", "127.0.0.1.example",
                           "fapi.binance.com", ""}) {
    EXPECT_FALSE(address(Encryption::none, host, 80).is_loopback()) << host;
  }
}

TEST(ServerAddress, AuthorityLeavesTheUsualPortOut) {
  EXPECT_EQ(address(Encryption::tls, "a.example", 443).authority(), "a.example");
  EXPECT_EQ(address(Encryption::tls, "a.example", 80).authority(), "a.example:80");
  EXPECT_EQ(address(Encryption::none, "127.0.0.1", 80).authority(), "127.0.0.1");
  EXPECT_EQ(address(Encryption::none, "::1", 9000).authority(), "[::1]:9000");
}

}  // namespace
}  // namespace bridge
