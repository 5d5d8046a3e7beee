#include "bridge/app/configuration/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bridge/app/configuration/config_schema.hpp"
#include "tests/unit/app/scratch.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Everything that this version serves, with no value at its default.
constexpr const char* full_text = R"([bridge]
instance = "desk-1"
log_level = "debug"
log_format = "json"

[publisher]
bind = ["tcp://127.1.2.3:7000", "tcp://[::1]:7001", "ipc:///run/bridge/bus"]
send_high_water_mark = 500
heartbeat_interval = "250ms"

[http]
listen = "[::1]:8080"
allow_remote = true
per_symbol_metrics = false

[mark_price]
interval = "3s"
mode = "per-symbol"
stale_after = "1m"

[reconcile]
interval = "0s"

[environment.simulator]
rest = "http://127.0.0.1:8443/"
user_stream = "wss://localhost:8443/private/"
market_stream = "ws://[::1]/market"
ca_file = "certificates/ca.pem"

[[account]]
name = "first"
market = "usdm"
environment = "simulator"
api_key = { file = "first.key" }
private_key = { credential = "first.pem" }
enabled = false
close_listen_key_on_stop = true

[[account]]
name = "second"
market = "usdm"
environment = "mainnet"
api_key = { env = "SECOND_KEY" }
api_secret = { file = "/etc/second.secret" }
)";

class FullConfiguration : public testing::Test {
 protected:
  FullConfiguration() {
    std::filesystem::create_directory(scratch_.path() / "certificates");
    scratch_.write("certificates/ca.pem", "");
  }

  Configuration load() const {
    const auto configuration = load_configuration(scratch_.write("bridge.toml", full_text));
    EXPECT_TRUE(configuration.has_value()) << to_string(configuration.error());
    return configuration.value_or(Configuration{});
  }

  ScratchDirectory scratch_;
};

TEST_F(FullConfiguration, HasTheSettingsOfTheFile) {
  const Configuration configuration = load();
  EXPECT_EQ(configuration.file, scratch_.path() / "bridge.toml");
  EXPECT_EQ(configuration.bridge.instance, "desk-1");
  EXPECT_EQ(configuration.bridge.log_level, LogLevel::debug);
  EXPECT_EQ(configuration.bridge.log_format, LogFormat::json);
  EXPECT_THAT(configuration.publisher.bind,
              ElementsAre("tcp://127.1.2.3:7000", "tcp://[::1]:7001", "ipc:///run/bridge/bus"));
  EXPECT_EQ(configuration.publisher.send_high_water_mark, 500);
  EXPECT_EQ(configuration.publisher.heartbeat_interval, 250ms);
  EXPECT_FALSE(configuration.publisher.curve.has_value());
  EXPECT_EQ(configuration.http.listen.host, "::1");
  EXPECT_EQ(configuration.http.listen.port, 8080);
  EXPECT_TRUE(configuration.http.allow_remote);
  EXPECT_FALSE(configuration.http.per_symbol_metrics);
  EXPECT_EQ(configuration.mark_price.interval, MarkPriceInterval::three_seconds);
  EXPECT_EQ(configuration.mark_price.mode, MarkPriceMode::per_symbol);
  EXPECT_EQ(configuration.mark_price.stale_after, 1min);
  EXPECT_EQ(configuration.reconcile.interval, 0s);
}

TEST_F(FullConfiguration, HasTheAccountsOfTheFileInItsOrder) {
  const Configuration configuration = load();
  ASSERT_EQ(configuration.accounts.size(), 2U);
  const AccountSettings& first = configuration.accounts[0];
  EXPECT_EQ(first.name, "first");
  EXPECT_EQ(first.market, Market::usdm);
  EXPECT_FALSE(first.enabled);
  EXPECT_TRUE(first.close_listen_key_on_stop);
  EXPECT_EQ(first.signing_method, SigningMethod::private_key);
  EXPECT_EQ(to_string(first.signing_key), "credential first.pem");
  const AccountSettings& second = configuration.accounts[1];
  EXPECT_EQ(second.name, "second");
  EXPECT_TRUE(second.enabled);
  EXPECT_FALSE(second.close_listen_key_on_stop);
  EXPECT_EQ(second.signing_method, SigningMethod::hmac);
  EXPECT_EQ(to_string(second.api_key), "env SECOND_KEY");
  EXPECT_EQ(to_string(second.signing_key), "file /etc/second.secret");
}

TEST_F(FullConfiguration, StartsRelativePathsFromItsDirectory) {
  const AccountSettings first = load().accounts[0];
  EXPECT_EQ(first.api_key.name, scratch_.path() / "first.key");
  EXPECT_EQ(first.environment.ca_file, scratch_.path() / "certificates/ca.pem");
}

TEST_F(FullConfiguration, HasTheEndpointsOfItsEnvironment) {
  const Environment environment = load().accounts[0].environment;
  EXPECT_EQ(environment.name, "simulator");
  EXPECT_EQ(to_string(environment.rest), "http://127.0.0.1:8443");
  EXPECT_EQ(to_string(environment.user_stream), "wss://localhost:8443/private");
  EXPECT_EQ(to_string(environment.market_stream), "ws://[::1]/market");
}

TEST_F(FullConfiguration, CutAtAnyByteIsReadOrRefusedAndNeverCrashes) {
  const std::string text = full_text;
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto configuration =
        load_configuration(scratch_.write("bridge.toml", text.substr(0, size)));
    if (configuration) {
      ++accepted;
    } else {
      ASSERT_FALSE(configuration.error().empty()) << size;
    }
  }
  // Without the line break at the end; and behind the private key of the first account, which is
  // enabled where nothing says otherwise, with and without a line break.
  EXPECT_EQ(accepted, 3U);
}

TEST_F(FullConfiguration, WithAnyByteExchangedIsReadOrRefusedAndNeverCrashes) {
  const std::string text = full_text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char byte : {'\0', '"', '[', '\n', '\xff'}) {
      std::string changed = text;
      changed[i] = byte;
      const auto configuration = load_configuration(scratch_.write("bridge.toml", changed));
      ASSERT_TRUE(configuration.has_value() || !configuration.error().empty()) << i;
    }
  }
}

TEST(Configuration, HasDefaultsForEverythingButAccounts) {
  const ScratchDirectory scratch;
  const auto loaded = load_configuration(scratch.write("bridge.toml", R"([[account]]
name = "main"
market = "usdm"
environment = "mainnet"
api_key = { env = "KEY" }
api_secret = { env = "SECRET" }
)"));
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error());
  EXPECT_FALSE(loaded->bridge.instance.empty());
  EXPECT_EQ(loaded->bridge.log_level, LogLevel::info);
  EXPECT_EQ(loaded->bridge.log_format, LogFormat::text);
  EXPECT_THAT(loaded->publisher.bind, ElementsAre("tcp://127.0.0.1:5556"));
  EXPECT_EQ(loaded->publisher.send_high_water_mark, 20'000);
  EXPECT_EQ(loaded->publisher.heartbeat_interval, 1s);
  EXPECT_EQ(to_string(loaded->http.listen), "127.0.0.1:9464");
  EXPECT_FALSE(loaded->http.allow_remote);
  EXPECT_FALSE(loaded->http.per_symbol_metrics);
  EXPECT_EQ(loaded->mark_price.interval, MarkPriceInterval::one_second);
  EXPECT_EQ(loaded->mark_price.mode, MarkPriceMode::per_symbol);
  EXPECT_EQ(loaded->mark_price.stale_after, 10s);
  EXPECT_EQ(loaded->reconcile.interval, 60s);
  EXPECT_TRUE(loaded->accounts[0].enabled);
  EXPECT_FALSE(loaded->accounts[0].close_listen_key_on_stop);
}

TEST(Configuration, AcceptsTheSameKeyOfADisabledAccountOrAnotherEnvironment) {
  const ScratchDirectory scratch;
  const std::string keys =
      "market = \"usdm\"\napi_key = { env = \"KEY\" }\n"
      "api_secret = { env = \"SECRET\" }\n";
  const auto loaded = load_configuration(scratch.write(
      "bridge.toml", "[[account]]\nname = \"a\"\nenvironment = \"mainnet\"\n" + keys +
                         "[[account]]\nname = \"b\"\nenvironment = \"testnet\"\n" + keys +
                         "[[account]]\nname = \"c\"\nenvironment = \"mainnet\"\nenabled = false\n" +
                         keys));
  EXPECT_TRUE(loaded.has_value()) << to_string(loaded.error());
}

// The list of keys is what unknown keys are measured by; here it is measured by the readers.
TEST(ConfigurationSchema, HasNoKeyThatNobodyReads) {
  const ScratchDirectory scratch;
  for (const std::string& key : schema::every_key()) {
    const std::size_t dot = key.rfind('.');
    const std::string table = key.substr(0, dot);
    const std::string entry = key.substr(dot + 1) + " = 1979-05-27\n";
    std::string text = "[" + table + "]\n" + entry;
    if (table == "account") text = "[[account]]\n" + entry;
    if (table == "publisher.curve.allowed_clients")
      text = "[[publisher.curve.allowed_clients]]\n" + entry;
    if (table == "SECRET") text = "[[account]]\napi_key." + entry;
    const auto loaded = load_configuration(scratch.write("bridge.toml", text));
    ASSERT_FALSE(loaded.has_value()) << key;
    EXPECT_THAT(to_string(loaded.error()), testing::HasSubstr("but is a date or time")) << key;
  }
}

TEST(Environments, BuiltInOnesAreThoseOfBinance) {
  const auto mainnet = built_in_environment("mainnet", Market::usdm);
  ASSERT_TRUE(mainnet.has_value());
  EXPECT_EQ(to_string(mainnet->rest), "https://fapi.binance.com");
  EXPECT_EQ(to_string(mainnet->user_stream), "wss://fstream.binance.com/private");
  EXPECT_EQ(to_string(mainnet->market_stream), "wss://fstream.binance.com/market");
  const auto testnet = built_in_environment("testnet", Market::usdm);
  ASSERT_TRUE(testnet.has_value());
  EXPECT_EQ(to_string(testnet->rest), "https://demo-fapi.binance.com");
  EXPECT_EQ(to_string(testnet->user_stream), "wss://fstream.binancefuture.com/private");
  EXPECT_EQ(to_string(testnet->market_stream), "wss://fstream.binancefuture.com/market");
}

TEST(Environments, MarketsThatAreNotServedHaveNoEndpoints) {
  EXPECT_FALSE(built_in_environment("mainnet", Market::coinm).has_value());
  EXPECT_FALSE(built_in_environment("testnet", Market::portfolio_margin).has_value());
  EXPECT_FALSE(built_in_environment("simulator", Market::usdm).has_value());
}

}  // namespace
}  // namespace bridge
