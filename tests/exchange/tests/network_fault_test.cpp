// Faults of the network: connections that die without a word, or that take their time.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class NetworkFaults : public ExchangeTest {
 protected:
  ConnectionId connect_market(std::string_view stream = "btcusdt@markPrice@1s") {
    return connect("/market/ws/" + std::string(stream));
  }
};

TEST_F(NetworkFaults, HalfOpenConnectionNeverHearsAnythingAgainNotEvenItsEnd) {
  const ConnectionId user = connect_user("solo");
  const ConnectionId other = connect_user("legs");
  exchange.inject({.kind = FaultKind::half_open, .account = "solo"}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  exchange.receive_ping(user, "are you there", now);
  exchange.receive_text(user, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  pass(25 * hour_ms);
  EXPECT_TRUE(effects_of(user).empty());
  EXPECT_FALSE(exchange.connections().contains(user));
  EXPECT_FALSE(effects_of(other).empty());
  exchange.closed(user, now);
}

TEST_F(NetworkFaults, MutedConnectionAnswersButSendsNoDataAnyMore) {
  const ConnectionId market = connect_market();
  pass(2 * second_ms);
  EXPECT_EQ(effects_of(market).size(), 2U);
  exchange.inject({.kind = FaultKind::mute, .scope = FaultScope::market_connections}, now);
  exchange.receive_ping(market, "are you there", now);
  exchange.receive_text(market, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  pass(3 * minute_ms);
  const std::vector<Effect> effects = effects_of(market);
  ASSERT_EQ(effects.size(), 3U);
  EXPECT_EQ(effects[0].kind, EffectKind::pong);
  EXPECT_EQ(json::parse(*effects[1].payload)["result"][0], "btcusdt@markPrice@1s");
  EXPECT_EQ(effects[2].kind, EffectKind::ping);
  const ConnectionId fresh = connect_market();
  pass(second_ms);
  EXPECT_EQ(effects_of(fresh).size(), 1U);
}

TEST_F(NetworkFaults, SlowFramesComeLaterAndInTheirOrder) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::slow,
                   .account = "solo",
                   .duration_ms = second_ms,
                   .delay_ms = 5 * second_ms},
                  now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  exchange.receive_ping(user, "are you there", now);
  pass(2 * second_ms);
  // The fault is over, and still nothing may overtake what it holds back.
  trade("solo", "BTCUSDT", buy, "0.2", "80000");
  pass(3 * second_ms - 1);
  EXPECT_TRUE(effects_of(user).empty());
  pass(1);
  const std::vector<Effect> effects = effects_of(user);
  ASSERT_EQ(effects.size(), 3U);
  EXPECT_EQ(json::parse(*effects[0].payload)["a"]["P"][0]["pa"], "0.1");
  EXPECT_EQ(effects[1].kind, EffectKind::pong);
  EXPECT_EQ(json::parse(*effects[2].payload)["a"]["P"][0]["pa"], "0.3");
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  EXPECT_EQ(messages_of(user).size(), 1U);
}

TEST_F(NetworkFaults, CutLosesWhatASlowConnectionHadOnItsWay) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::slow, .delay_ms = second_ms}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  exchange.inject({.kind = FaultKind::cut, .account = "solo", .close_code = 1011}, now);
  pass(minute_ms);
  const std::vector<Effect> effects = effects_of(user);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0].kind, EffectKind::close);
}

TEST_F(NetworkFaults, TlsHandshakesAreRefusedAsOftenAsTold) {
  exchange.inject({.kind = FaultKind::refuse_tls, .count = 2}, now);
  EXPECT_FALSE(exchange.accepts_connection(now));
  EXPECT_FALSE(exchange.accepts_connection(now));
  EXPECT_TRUE(exchange.accepts_connection(now));
}

TEST_F(NetworkFaults, EveryCloseCodeCanBeSent) {
  for (const int code : {1000, 1001, 1008, 1011, 1012, 4000, 4999}) {
    const ConnectionId user = connect_user("solo");
    exchange.inject({.kind = FaultKind::cut, .close_code = code}, now);
    EXPECT_EQ(effects_of(user).at(0).close_code, code);
  }
}

TEST_F(NetworkFaults, ConnectionsEndWithTheirTwentyFourHours) {
  const ConnectionId user = connect_user("solo");
  const UnixMs end = now + 24 * hour_ms;
  pass_politely(24 * hour_ms - 1);
  EXPECT_TRUE(exchange.connections().contains(user));
  pass(1);
  EXPECT_EQ(now, end);
  const std::vector<Effect> effects = effects_of(user);
  ASSERT_FALSE(effects.empty());
  EXPECT_EQ(effects.back().kind, EffectKind::close);
  EXPECT_EQ(effects.back().close_code, 1001);
}

}  // namespace
}  // namespace exchange
