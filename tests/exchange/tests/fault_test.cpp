// Things that go wrong on purpose.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class Faults : public ExchangeTest {};

TEST_F(Faults, CutMeetsOnlyTheAccountsOwnConnections) {
  const ConnectionId solo = connect_user("solo");
  const ConnectionId legs = connect_user("legs");
  exchange.inject({.kind = FaultKind::cut, .account = "solo", .close_code = 1011, .reason = "no"},
                  now);
  const std::vector<Effect> effects = effects_of(solo);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects[0].kind, EffectKind::close);
  EXPECT_EQ(effects[0].close_code, 1011);
  EXPECT_TRUE(effects_of(legs).empty());
  EXPECT_TRUE(exchange.connections().contains(legs));
}

TEST_F(Faults, CutWithoutACodeIsAbrupt) {
  const ConnectionId market = connect("/market/stream");
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::cut, .scope = FaultScope::market_connections}, now);
  EXPECT_EQ(effects_of(market).at(0).kind, EffectKind::drop);
  EXPECT_TRUE(effects_of(user).empty());
}

TEST_F(Faults, SilencedConnectionsStayOpenAndSayNothingMore) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::silence}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  exchange.receive_ping(user, "are you there", now);
  exchange.receive_text(user, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  pass(4 * minute_ms);
  EXPECT_TRUE(effects_of(user).empty());
  EXPECT_TRUE(exchange.connections().contains(user));
  const ConnectionId fresh = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  EXPECT_EQ(messages_of(fresh).size(), 1U);
}

TEST_F(Faults, HandshakesAreRefusedForAWhile) {
  exchange.inject({.kind = FaultKind::refuse_handshakes,
                   .scope = FaultScope::market_connections,
                   .duration_ms = 10 * second_ms},
                  now);
  const auto refused = exchange.open("/market/stream", "127.0.0.1", now);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, 503);
  EXPECT_TRUE(exchange.open("/private/stream", "127.0.0.1", now).has_value());
  pass(10 * second_ms);
  EXPECT_TRUE(exchange.open("/market/stream", "127.0.0.1", now).has_value());
}

TEST_F(Faults, RequestsFailAsOftenAsTheyWereToldTo) {
  exchange.inject({.kind = FaultKind::rest_error,
                   .account = "solo",
                   .count = 2,
                   .endpoint = "POST /fapi/v1/listenKey",
                   .http_status = 500,
                   .code = -1000},
                  now);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 200);
  EXPECT_EQ(ask("POST", "/fapi/v1/listenKey", "key-of-legs").status, 200);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const HttpResponse failed = ask("POST", "/fapi/v1/listenKey", "key-of-solo");
    EXPECT_EQ(failed.status, 500);
    EXPECT_EQ(json::parse(failed.body)["code"], -1000);
  }
  EXPECT_EQ(ask("POST", "/fapi/v1/listenKey", "key-of-solo").status, 200);
}

TEST_F(Faults, KeysExpireAndVanishWhenTold) {
  const ConnectionId solo = connect_user("solo", "listenKeyExpired");
  const ConnectionId legs = connect_user("legs", "listenKeyExpired");
  exchange.inject({.kind = FaultKind::expire_key, .account = "solo"}, now);
  exchange.inject({.kind = FaultKind::delete_key, .account = "legs"}, now);
  EXPECT_EQ(messages_of(solo).size(), 1U);
  EXPECT_TRUE(messages_of(legs).empty());
  EXPECT_EQ(ask("PUT", "/fapi/v1/listenKey", "key-of-solo").status, 400);
  EXPECT_EQ(ask("PUT", "/fapi/v1/listenKey", "key-of-legs").status, 400);
}

TEST_F(Faults, BannedAddressIsToldUntilWhen) {
  exchange.inject({.kind = FaultKind::ban_address, .duration_ms = minute_ms}, now);
  const HttpResponse banned = ask("GET", "/fapi/v1/time");
  EXPECT_EQ(banned.status, 418);
  EXPECT_NE(banned.body.find("banned until " + std::to_string(now + minute_ms)), std::string::npos);
  pass(minute_ms);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 200);
}

TEST_F(Faults, ClearingEndsWhatLasts) {
  exchange.inject({.kind = FaultKind::rest_error}, now);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 503);
  exchange.clear_faults();
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 200);
}

TEST(ScheduledFaults, HappenAtTheirTime) {
  Scenario scenario;
  scenario.faults = {{.after_ms = 30 * second_ms, .fault = {.kind = FaultKind::cut}}};
  Exchange exchange(scenario, test_start);
  ASSERT_TRUE(exchange.open("/market/stream", "127.0.0.1", test_start).has_value());
  exchange.advance(test_start + 30 * second_ms - 1);
  EXPECT_EQ(exchange.connections().size(), 1U);
  exchange.advance(test_start + 30 * second_ms);
  EXPECT_TRUE(exchange.connections().empty());
}

}  // namespace
}  // namespace exchange
