// Faults of listen keys, user events, symbols and frames.

#include <set>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class StreamFaults : public ExchangeTest {
 protected:
  std::vector<std::string> texts_of(ConnectionId id) {
    std::vector<std::string> texts;
    for (const Effect& effect : effects_of(id)) texts.push_back(*effect.payload);
    return texts;
  }
};

TEST_F(StreamFaults, DuplicatedEventComesTwiceTheSame) {
  const ConnectionId user = connect_user("solo");
  const ConnectionId other = connect_user("legs");
  exchange.inject({.kind = FaultKind::duplicate_events, .account = "solo", .count = 1}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  trade("legs", "BTCUSDT", buy, "0.1", "80000", PositionSide::long_leg);
  const std::vector<std::string> texts = texts_of(user);
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_NE(texts[1], texts[2]);
  EXPECT_EQ(texts_of(other).size(), 1U);
}

TEST_F(StreamFaults, LostEventNeverComesAndTheSocketStaysOpen) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::lose_events, .account = "solo", .count = 1}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  pass(minute_ms);
  EXPECT_TRUE(effects_of(user).empty());
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["a"]["P"][0]["pa"], "0.2");
}

TEST_F(StreamFaults, LossCanBeOfOneTypeOnly) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_UPDATE/ORDER_TRADE_UPDATE");
  exchange.inject({.kind = FaultKind::lose_events, .event = "ACCOUNT_UPDATE"}, now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["e"], "ORDER_TRADE_UPDATE");
  EXPECT_EQ(messages[1]["e"], "ORDER_TRADE_UPDATE");
}

TEST_F(StreamFaults, KeyExpiryIsToldInSpiteOfLossUnlessItIsNamed) {
  const ConnectionId user = connect_user("solo", "listenKeyExpired");
  exchange.inject({.kind = FaultKind::lose_events}, now);
  exchange.inject({.kind = FaultKind::expire_key, .account = "solo"}, now);
  EXPECT_EQ(messages_of(user).size(), 1U);
  const ConnectionId again = connect_user("solo", "listenKeyExpired");
  exchange.inject({.kind = FaultKind::lose_events, .event = "listenKeyExpired"}, now);
  exchange.inject({.kind = FaultKind::expire_key, .account = "solo"}, now);
  EXPECT_TRUE(messages_of(again).empty());
}

TEST_F(StreamFaults, PercentSaysHowOftenTheyStrike) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::lose_events, .percent = 25}, now);
  for (int count = 0; count < 400; ++count) trade("solo", "BTCUSDT", buy, "0.001", "80000");
  const std::size_t arrived = messages_of(user).size();
  EXPECT_GT(arrived, 260U);
  EXPECT_LT(arrived, 340U);
}

TEST_F(StreamFaults, IgnoredEventsLeaveTheStreamSilentUntilItIsOpenedAnew) {
  exchange.inject({.kind = FaultKind::ignore_events, .account = "solo", .count = 1}, now);
  const ConnectionId silent = connect_user("solo");
  const ConnectionId fine = connect_user("solo");
  exchange.receive_text(silent, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  exchange.receive_text(fine, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const std::vector<json> replies = messages_of(silent);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0]["result"][0], listen_key("solo"));
  const std::vector<json> messages = messages_of(fine);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["result"][0], listen_key("solo") + "@ACCOUNT_UPDATE");
}

TEST_F(StreamFaults, IgnoredSubscriptionIsAcknowledgedAndSilent) {
  exchange.inject({.kind = FaultKind::ignore_events, .account = "solo", .count = 1}, now);
  const ConnectionId user = connect("/private/stream");
  const std::string key = listen_key("solo");
  exchange.receive_text(user, R"({"method":"SUBSCRIBE","params":[")" + key + R"("],"id":1})", now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0], (json{{"result", nullptr}, {"id", 1}}));
}

TEST_F(StreamFaults, KeptKeyCanComeBackAsAnotherOne) {
  const std::string key = listen_key("solo");
  const ConnectionId user = connect("/private/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE");
  exchange.inject({.kind = FaultKind::change_key, .account = "solo", .count = 1}, now);
  const json answer = json::parse(ask("PUT", "/fapi/v1/listenKey", "key-of-solo").body);
  const std::string changed = answer["listenKey"];
  EXPECT_NE(changed, key);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  EXPECT_TRUE(effects_of(user).empty());
  const json kept = json::parse(ask("PUT", "/fapi/v1/listenKey", "key-of-solo").body);
  EXPECT_EQ(kept["listenKey"], changed);
}

TEST_F(StreamFaults, KeyExpiryIsToldAsOftenAsAskedFor) {
  const ConnectionId user = connect_user("solo", "listenKeyExpired");
  exchange.inject({.kind = FaultKind::expire_key, .account = "solo", .count = 2}, now);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0], messages[1]);
}

TEST_F(StreamFaults, SettlingSymbolIsAcknowledgedAndNeverTicks) {
  exchange.inject({.kind = FaultKind::silence_symbol, .symbol = "BTCUSDT"}, now);
  const ConnectionId market = connect("/market/stream");
  exchange.receive_text(
      market,
      R"({"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","ethusdt@markPrice@1s"],"id":1})",
      now);
  const ConnectionId all = connect("/market/ws/!markPrice@arr@1s");
  pass(second_ms);
  const std::vector<json> messages = messages_of(market);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["id"], 1);
  EXPECT_EQ(messages[1]["data"]["s"], "ETHUSDT");
  for (const std::string& frame : texts_of(all)) {
    EXPECT_EQ(frame.find("\"BTCUSDT\""), std::string::npos);
  }
  EXPECT_NE(ask("GET", "/fapi/v1/exchangeInfo").body.find("SETTLING"), std::string::npos);
  exchange.clear_faults();
  pass(second_ms);
  EXPECT_EQ(messages_of(market).size(), 2U);
}

TEST_F(StreamFaults, BrokenFramesAreNoJson) {
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  exchange.inject(
      {.kind = FaultKind::malformed_frames, .scope = FaultScope::market_connections, .count = 20},
      now);
  pass(21 * second_ms);
  const std::vector<std::string> texts = texts_of(market);
  ASSERT_EQ(texts.size(), 21U);
  for (std::size_t index = 0; index < 20; ++index) EXPECT_FALSE(json::accept(texts[index]));
  EXPECT_TRUE(json::accept(texts[20]));
}

TEST_F(StreamFaults, FramesCanLackAFieldThatMatters) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const json whole = messages_of(user).at(0);
  exchange.inject(
      {.kind = FaultKind::malformed_frames, .account = "solo", .form = Malformation::missing_field},
      now);
  std::set<std::string> missing;
  for (int count = 0; count < 60; ++count) {
    trade("solo", "BTCUSDT", buy, "0.1", "80000");
    const json event = messages_of(user).at(0);
    for (const json& change : json::diff(whole, event)) {
      if (change["op"] == "remove") missing.insert(change["path"]);
    }
  }
  EXPECT_EQ(missing,
            (std::set<std::string>{"/a", "/a/P/0/ep", "/a/P/0/pa", "/a/P/0/ps", "/a/P/0/s"}));
}

TEST_F(StreamFaults, UnknownEventsComeBeforeTheRealOnes) {
  const ConnectionId user = connect_user("solo");
  exchange.inject({.kind = FaultKind::malformed_frames,
                   .account = "solo",
                   .count = 1,
                   .form = Malformation::unknown_event},
                  now);
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["e"], "SOMETHING_NEW");
  EXPECT_EQ(messages[1]["e"], "ACCOUNT_UPDATE");
}

TEST_F(StreamFaults, AnswersToControlFramesAreNeverMalformed) {
  const ConnectionId market = connect("/market/stream");
  exchange.inject({.kind = FaultKind::malformed_frames}, now);
  exchange.receive_text(market, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  EXPECT_EQ(messages_of(market).at(0)["id"], 1);
}

}  // namespace
}  // namespace exchange
