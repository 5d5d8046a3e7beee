#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bridge/app/configuration/configuration.hpp"
#include "tests/unit/app/scratch.hpp"

namespace bridge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* two_accounts = R"([bridge]
instance = "desk-1"
[publisher]
bind = ["tcp://127.0.0.1:5556", "ipc:///run/position-bridge/bus"]
[environment.simulator]
rest = "http://127.0.0.1:8080"
user_stream = "wss://127.0.0.1:8443/private"
market_stream = "wss://127.0.0.1:8443/market"
[[account]]
name = "main"
market = "usdm"
environment = "mainnet"
api_key = { env = "BINANCE_API_KEY" }
api_secret = { env = "BINANCE_API_SECRET" }
[[account]]
name = "tryout"
market = "usdm"
environment = "simulator"
api_key = { credential = "tryout.key" }
private_key = { file = "/etc/tryout.pem" }
enabled = false
)";

Configuration load(const ScratchDirectory& scratch, const std::string& text) {
  const auto configuration = load_configuration(scratch.write("bridge.toml", text));
  EXPECT_TRUE(configuration.has_value()) << to_string(configuration.error());
  return configuration.value_or(Configuration{});
}

TEST(ConfigurationDescription, SaysWhatWouldRunAndWhatIsInsecure) {
  const ScratchDirectory scratch;
  EXPECT_EQ(scratch.without_directory(describe(load(scratch, two_accounts))),
            R"(bridge.toml is valid. This would run:

  instance      desk-1
  publishes on  tcp://127.0.0.1:5556, ipc:///run/position-bridge/bus
                heartbeat every 1s, 20000 messages queued per subscriber
  encryption    none: whoever can connect can read
  http          http://127.0.0.1:9464 (/metrics /healthz /readyz /status)
  mark prices   per-symbol, every 1s, stale after 10s
  user streams  addressed in the form that turns out to work (auto)
  reconcile     every 1m
  log           text, from level info

  environment  market  what            where
  mainnet      usdm    REST            https://fapi.binance.com
                       user streams    wss://fstream.binance.com/private
                       market streams  wss://fstream.binance.com/market
  simulator    usdm    REST            http://127.0.0.1:8080
                       user streams    wss://127.0.0.1:8443/private
                       market streams  wss://127.0.0.1:8443/market

  account  market  environment  api key                signs with   from                    enabled
  main     usdm    mainnet      env BINANCE_API_KEY    HMAC         env BINANCE_API_SECRET  yes
  tryout   usdm    simulator    credential tryout.key  private key  file /etc/tryout.pem    no

What is insecure:
  - Every user and program of this machine can read the positions from tcp://127.0.0.1:5556.
  - Environment simulator is reached without encryption: http://127.0.0.1:8080.
  - Secrets come from environment variables, which every program of the same user can read in /proc; files or systemd credentials are safer: main.
)");
}

TEST(ConfigurationDescription, SaysAtTheStartWhatRunsAndWhereItGoes) {
  const ScratchDirectory scratch;
  std::string text;
  for (const StartFact& fact : facts_at_start(load(scratch, two_accounts)))
    text += fact.account + "| " + fact.text + "\n";
  EXPECT_EQ(text,
            R"(| mark prices: per-symbol, every 1s, stale after 10s
| comparison with the exchange: every 1m
| environment mainnet, usdm: REST https://fapi.binance.com, user streams wss://fstream.binance.com/private, market streams wss://fstream.binance.com/market
| environment simulator, usdm: REST http://127.0.0.1:8080, user streams wss://127.0.0.1:8443/private, market streams wss://127.0.0.1:8443/market
main| usdm on mainnet: API key from env BINANCE_API_KEY, signs by HMAC from env BINANCE_API_SECRET
tryout| disabled: left alone
)");
}

TEST(ConfigurationDescription, KnowsNothingInsecureAboutSocketsAndFiles) {
  const ScratchDirectory scratch;
  const Configuration configuration = load(scratch, R"([publisher]
bind = ["ipc:///run/position-bridge/bus"]
[reconcile]
interval = "0s"
[[account]]
name = "main"
market = "usdm"
environment = "mainnet"
api_key = { file = "/etc/main.key" }
api_secret = { file = "/etc/main.secret" }
)");
  EXPECT_THAT(insecurities(configuration), ElementsAre());
  const std::string text = describe(configuration);
  EXPECT_THAT(text, HasSubstr("Nothing about it is known to be insecure.\n"));
  EXPECT_THAT(text, HasSubstr("reconcile     off: positions are never compared"));
}

TEST(ConfigurationDescription, SaysWhoMayConnectToAnEncryptedBus) {
  const ScratchDirectory scratch;
  const std::string account = R"([[account]]
name = "main"
market = "usdm"
environment = "mainnet"
api_key = { file = "/etc/main.key" }
api_secret = { file = "/etc/main.secret" }
)";
  const std::string curve = R"([publisher]
bind = ["tcp://0.0.0.0:5556"]
[publisher.curve]
secret_key_file = "/etc/curve.secret"
)";
  const Configuration listed = load(scratch, curve + R"(allowed_clients = [
  { name = "risk", public_key = "0000000000000000000000000000000000000000" },
  { name = "pnl", public_key = "1111111111111111111111111111111111111111" } ]
)" + account);
  EXPECT_THAT(insecurities(listed), ElementsAre());
  EXPECT_THAT(describe(listed),
              HasSubstr("encryption    CURVE, key from file /etc/curve.secret; may connect: risk, "
                        "pnl\n"));
  const Configuration nobody = load(scratch, curve + "allowed_clients = []\n" + account);
  EXPECT_THAT(describe(nobody), HasSubstr("may connect: nobody\n"));
}

TEST(ConfigurationDescription, NamesAnOpenHttpAddress) {
  const ScratchDirectory scratch;
  const Configuration configuration = load(scratch, R"([publisher]
bind = ["ipc:///run/position-bridge/bus"]
[http]
listen = "0.0.0.0:9464"
allow_remote = true
[[account]]
name = "main"
market = "usdm"
environment = "mainnet"
api_key = { file = "/etc/main.key" }
api_secret = { file = "/etc/main.secret" }
)");
  EXPECT_THAT(insecurities(configuration),
              ElementsAre("http://0.0.0.0:9464 shows accounts and symbols to whoever can reach it, "
                          "without encryption."));
}

}  // namespace
}  // namespace bridge
