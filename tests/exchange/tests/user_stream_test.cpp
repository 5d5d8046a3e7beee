// Listen keys and the ways to a user stream.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class UserStream : public ExchangeTest {
 protected:
  int code_of(const HttpResponse& response) { return json::parse(response.body)["code"]; }
  void act() { trade("solo", "BTCUSDT", buy, "0.1", "80000"); }
};

TEST_F(UserStream, KeyHasSixtyFourLettersAndLivesAnHour) {
  const std::string key = listen_key("solo");
  EXPECT_EQ(key.size(), 64U);
  pass(hour_ms - 1);
  EXPECT_EQ(ask("PUT", "/fapi/v1/listenKey", "key-of-solo").status, 200);
  pass(hour_ms);
  EXPECT_EQ(code_of(ask("PUT", "/fapi/v1/listenKey", "key-of-solo")), -1125);
}

TEST_F(UserStream, CreatingAgainGivesTheLivingKeyWithANewHour) {
  const std::string key = listen_key("solo");
  pass(59 * minute_ms);
  EXPECT_EQ(listen_key("solo"), key);
  pass(59 * minute_ms);
  EXPECT_EQ(listen_key("solo"), key);
  pass(hour_ms);
  EXPECT_NE(listen_key("solo"), key);
}

TEST_F(UserStream, KeepingAliveGivesTheKeyBack) {
  const std::string key = listen_key("solo");
  const HttpResponse response = ask("PUT", "/fapi/v1/listenKey", "key-of-solo");
  EXPECT_EQ(json::parse(response.body), (json{{"listenKey", key}}));
}

TEST_F(UserStream, ExpiryIsToldWithATimeInQuotesAndLeavesTheSocketOpenAndSilent) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_UPDATE/listenKeyExpired");
  pass_politely(hour_ms);
  const std::vector<Effect> effects = effects_of(user);
  ASSERT_EQ(effects.size(), 1U);
  const json event = json::parse(*effects[0].payload);
  EXPECT_EQ(event["e"], "listenKeyExpired");
  EXPECT_EQ(event["E"], std::to_string(test_start + hour_ms));
  listen_key("solo");
  act();
  EXPECT_TRUE(messages_of(user).empty());
}

TEST_F(UserStream, DeletingTheKeySilencesEverySocketWithoutAWord) {
  const ConnectionId one = connect_user("solo", "ACCOUNT_UPDATE/listenKeyExpired");
  const ConnectionId two = connect_user("solo", "ACCOUNT_UPDATE/listenKeyExpired");
  EXPECT_EQ(ask("DELETE", "/fapi/v1/listenKey", "key-of-solo").body, "{}");
  act();
  pass(2 * second_ms);
  EXPECT_TRUE(effects_of(one).empty());
  EXPECT_TRUE(effects_of(two).empty());
}

TEST_F(UserStream, EverySocketOfTheKeyGetsTheSameBytes) {
  const ConnectionId one = connect_user("solo");
  const ConnectionId two = connect_user("solo");
  act();
  EXPECT_EQ(*effects_of(one).at(0).payload, *effects_of(two).at(0).payload);
}

TEST_F(UserStream, EventsAreFilteredAndTheirNamesAreNotChecked) {
  const ConnectionId orders = connect_user("solo", "ORDER_TRADE_UPDATE");
  const ConnectionId mistyped = connect_user("solo", "ACCOUNT_UPDATES");
  const ConnectionId encoded = connect_user("solo", "TRADE_LITE%2FACCOUNT_UPDATE");
  act();
  EXPECT_EQ(messages_of(orders).size(), 2U);
  EXPECT_TRUE(messages_of(mistyped).empty());
  EXPECT_EQ(messages_of(encoded).size(), 2U);
}

TEST_F(UserStream, EnvelopeNamesKeyAndEventWhenTheKeyIsInTheQuery) {
  const std::string key = listen_key("solo");
  const ConnectionId user = connect("/private/stream?listenKey=" + key + "&events=ACCOUNT_UPDATE");
  act();
  const json message = messages_of(user).at(0);
  EXPECT_EQ(message["stream"], key + "@ACCOUNT_UPDATE");
  EXPECT_EQ(message["data"]["e"], "ACCOUNT_UPDATE");
}

TEST_F(UserStream, OneSocketMayTakeSeveralKeysEachWithItsEvents) {
  const ConnectionId both =
      connect("/private/stream?listenKey=" + listen_key("solo") + "&events=ACCOUNT_UPDATE" +
              "&listenKey=" + listen_key("legs") + "&events=TRADE_LITE");
  act();
  trade("legs", "BTCUSDT", buy, "0.1", "80000", PositionSide::long_leg);
  const std::vector<json> messages = messages_of(both);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["data"]["e"], "ACCOUNT_UPDATE");
  EXPECT_EQ(messages[1]["data"]["e"], "TRADE_LITE");
}

TEST_F(UserStream, SubscribedKeyIsTheEnvelopesStream) {
  const std::string key = listen_key("solo");
  const ConnectionId user = connect("/private/stream");
  exchange.receive_text(user, R"({"method":"SUBSCRIBE","params":[")" + key + R"("],"id":1})", now);
  act();
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(messages[0], (json{{"result", nullptr}, {"id", 1}}));
  EXPECT_EQ(messages[1]["stream"], key);
}

TEST_F(UserStream, FormsThatTheExchangeDoesNotServeAreAcceptedAndSilent) {
  const std::string key = listen_key("solo");
  for (const std::string& target :
       {"/private/ws/" + key, "/ws/" + key, "/stream?listenKey=" + key,
        "/market/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE", "/public/ws/" + key,
        std::string("/private/ws?listenKey=garbage&events=ACCOUNT_UPDATE")}) {
    const ConnectionId user = connect(target);
    act();
    EXPECT_TRUE(messages_of(user).empty()) << target;
  }
}

TEST_F(UserStream, ListedSubscriptionsProveWhichEventsTookEffect) {
  const std::string key = listen_key("solo");
  const ConnectionId filtered =
      connect("/private/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE/MARGIN_CALL");
  const ConnectionId legacy = connect("/ws/" + key);
  const std::string ask_for_list = R"({"method":"LIST_SUBSCRIPTIONS","id":"x-1"})";
  exchange.receive_text(filtered, ask_for_list, now);
  exchange.receive_text(legacy, ask_for_list, now);
  EXPECT_EQ(messages_of(filtered).at(0),
            (json{{"result", {key + "@ACCOUNT_UPDATE", key + "@MARGIN_CALL"}}, {"id", "x-1"}}));
  EXPECT_EQ(messages_of(legacy).at(0), (json{{"result", {key}}, {"id", "x-1"}}));
}

TEST_F(UserStream, NothingOfTheTimeBeforeTheConnectionIsReplayed) {
  listen_key("solo");
  act();
  const ConnectionId user = connect_user("solo");
  pass(second_ms);
  EXPECT_TRUE(messages_of(user).empty());
}

TEST_F(UserStream, EventsLeaveALittleLaterThanTheyHappenAndInOrder) {
  Scenario slow = scenario();
  slow.rules.event_delay_max_ms = 50;
  Exchange late(slow, test_start);
  const HttpResponse created = late.request({.method = "POST",
                                             .target = "/fapi/v1/listenKey",
                                             .api_key = "key-of-solo",
                                             .address = "127.0.0.1"},
                                            now);
  const std::string key = json::parse(created.body)["listenKey"];
  const auto user =
      late.open("/private/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE", "127.0.0.1", now);
  ASSERT_TRUE(user.has_value());
  for (int step = 0; step < 100; ++step) {
    const TradeOrder order{.symbol = "BTCUSDT", .quantity = Amount::literal("0.001")};
    ASSERT_TRUE(late.trade("solo", order, now + step));
  }
  late.advance(now + 1'000);
  std::int64_t last = 0;
  int delayed = 0;
  const std::vector<Effect> effects = late.take_effects();
  ASSERT_EQ(effects.size(), 100U);
  for (const Effect& effect : effects) {
    const json event = json::parse(*effect.payload);
    const std::int64_t left_at = event["E"];
    EXPECT_GE(left_at, event["T"].get<std::int64_t>());
    EXPECT_GE(left_at, last);
    delayed += event["E"] == event["T"] ? 0 : 1;
    last = left_at;
  }
  EXPECT_GT(delayed, 50);
}

}  // namespace
}  // namespace exchange
