#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "bridge/app/configuration/config_address.hpp"
#include "bridge/app/configuration/config_bus_endpoint.hpp"
#include "bridge/app/configuration/config_duration.hpp"
#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/app/configuration/config_suggestion.hpp"
#include "bridge/app/configuration/config_url.hpp"

// The pieces of text that a configuration is made of.
namespace bridge {
namespace {

using namespace std::chrono_literals;

TEST(ConfigDuration, IsAWholeNumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("999999999h"), 999'999'999h);
}

TEST(ConfigDuration, OtherTextsAreNone) {
  for (const std::string_view text : {"", "s", "10", "1.5s", "-1s", "+1s", "1S", "10 s", " 10s",
                                      "10s ", "1h30m", "10sec", "9999999999h", "1us"})
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

TEST(ConfigDuration, IsWrittenInTheLargestUnitWithoutAFraction) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(1ms), "1ms");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(48h), "48h");
}

TEST(ListenAddress, IsANumericAddressAndAPort) {
  EXPECT_EQ(to_string(parse_listen_address("127.0.0.1:9464").value()), "127.0.0.1:9464");
  EXPECT_EQ(to_string(parse_listen_address("[::1]:1").value()), "[::1]:1");
  EXPECT_EQ(parse_listen_address("0.0.0.0:65535")->port, 65535);
  for (const std::string_view text :
       {"", ":", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:+1", "127.0.0.1:1 ", "localhost:9464", "::1:9464", "[127.0.0.1]:9464", "[::1]",
        "[::1:9464", "127.1:9464", "0x7f.0.0.1:9464", "[fe80::1%lo]:9464"})
    EXPECT_FALSE(parse_listen_address(text).has_value()) << text;
}

TEST(Loopback, IsTheWholeNetworkAndItsCounterpartOfVersion6) {
  for (const std::string_view host : {"127.0.0.1", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const std::string_view host : {"0.0.0.0", "126.255.255.255", "128.0.0.1", "::",
                                      "::ffff:127.0.0.1", "localhost", "", "127.0.0.1.example.com"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(BusEndpoint, WithoutEncryptionStaysOnThisMachine) {
  for (const std::string_view endpoint :
       {"tcp://127.0.0.1:5556", "tcp://127.9.9.9:1", "tcp://[::1]:5556", "ipc:///run/bus"})
    EXPECT_FALSE(bus_endpoint_problem(endpoint, BusReach::this_machine).has_value()) << endpoint;
  for (const std::string_view endpoint : {"tcp://*:5556", "tcp://0.0.0.0:5556", "tcp://[::]:5556",
                                          "tcp://192.168.0.1:5556", "tcp://eth0:5556"})
    EXPECT_TRUE(bus_endpoint_problem(endpoint, BusReach::this_machine).has_value()) << endpoint;
}

TEST(BusEndpoint, WithEncryptionMayBeAnywhere) {
  for (const std::string_view endpoint :
       {"tcp://*:5556", "tcp://0.0.0.0:5556", "tcp://[::]:5556", "tcp://192.168.0.1:5556"})
    EXPECT_FALSE(bus_endpoint_problem(endpoint, BusReach::anywhere).has_value()) << endpoint;
  EXPECT_TRUE(bus_endpoint_problem("tcp://*:*", BusReach::anywhere).has_value());
  EXPECT_TRUE(bus_endpoint_problem("pgm://239.0.0.1:1", BusReach::anywhere).has_value());
}

TEST(Url, PartsAreKnown) {
  const auto url = parse_url("wss://fstream.binance.com/private", UrlKind::stream);
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->scheme, Url::Scheme::wss);
  EXPECT_EQ(url->host, "fstream.binance.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/private");
  EXPECT_TRUE(url->is_encrypted());
  const auto plain = parse_url("ws://[::1]:8080", UrlKind::stream);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "::1");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->path, "");
  EXPECT_FALSE(plain->is_encrypted());
  EXPECT_EQ(to_string(*plain), "ws://[::1]:8080");
}

TEST(Url, UnsoundOnesAreRefused) {
  for (const std::string_view text : {"",
                                      "wss",
                                      "wss:/",
                                      "wss://",
                                      "wss:///private",
                                      "WSS://a.example",
                                      "wss://a b",
                                      "wss://-a",
                                      "wss://a:",
                                      "wss://a:0",
                                      "wss://a:x",
                                      "wss://[::1",
                                      "wss://[a]",
                                      "wss://a/\n",
                                      "wss://a/\"",
                                      "wss://a@b",
                                      "wss://a?b",
                                      "wss://a#b",
                                      "wss://a/ws",
                                      "wss://a/x/stream/",
                                      "ws://127.0.0.1.example.com",
                                      "ws://0.0.0.0"})
    EXPECT_FALSE(parse_url(text, UrlKind::stream).has_value()) << text;
}

TEST(Suggestion, CountsInsertedRemovedReplacedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("levle", "level"), 1U);
  EXPECT_EQ(edit_distance("bind", "bound"), 2U);
}

TEST(Suggestion, IsTheClosestWordOrAllOfThem) {
  constexpr std::array<std::string_view, 3> words{"api_key", "api_secret", "enabled"};
  EXPECT_EQ(suggestion("apikey", words), "did you mean \"api_key\"?");
  EXPECT_EQ(suggestion("secret", words), "known here: api_key, api_secret, enabled");
  EXPECT_EQ(suggestion(std::string(1000, 'a'), words), "known here: api_key, api_secret, enabled");
}

TEST(Quotation, StaysOnOneLineAndIsNotEndless) {
  EXPECT_EQ(in_quotes("desk"), "\"desk\"");
  EXPECT_EQ(in_quotes("a\nb\x7f"), "\"a\\x0ab\\x7f\"");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "\"" + std::string(80, 'x') + "…\"");
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "ü"), "\"" + std::string(79, 'x') + "…\"");
}

}  // namespace
}  // namespace bridge
