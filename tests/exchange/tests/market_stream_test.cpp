// Mark-price streams and the control frames of a connection.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;

class MarketStream : public ExchangeTest {
 protected:
  json reply(ConnectionId id, std::string_view text) {
    exchange.receive_text(id, text, now);
    return messages_of(id).at(0);
  }
  std::size_t frames_in(ConnectionId id, UnixMs time) {
    messages_of(id);
    pass(time);
    return messages_of(id).size();
  }
};

TEST_F(MarketStream, PricesComeEverySecondOrEveryThirdAsAskedFor) {
  const ConnectionId one = connect("/market/ws/btcusdt@markPrice@1s");
  const ConnectionId three = connect("/market/ws/btcusdt@markPrice");
  pass(60 * second_ms + 10);
  EXPECT_EQ(messages_of(one).size(), 60U);
  EXPECT_EQ(messages_of(three).size(), 20U);
}

TEST_F(MarketStream, RawFrameHasTheFieldsOfTheWireInTheirOrder) {
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  pass(second_ms + 5);
  const auto frame = nlohmann::ordered_json::parse(*effects_of(market).at(0).payload);
  std::string names;
  for (const auto& item : frame.items()) names += item.key() + " ";
  EXPECT_EQ(names, "e E s p ap P i r T st ");
  EXPECT_EQ(frame["s"], "BTCUSDT");
  EXPECT_EQ(frame["st"], 1);
  const std::string price = frame["p"];
  EXPECT_EQ(price.size() - price.find('.') - 1, 8U);
}

TEST_F(MarketStream, EnvelopeEchoesTheDecodedName) {
  const ConnectionId market = connect(
      "/market/stream?streams=btcusdt@markPrice@1s/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt"
      "@markPrice@1s");
  pass(second_ms + 5);
  const std::vector<json> frames = messages_of(market);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1]["stream"], "币安人生usdt@markPrice@1s");
  EXPECT_EQ(frames[1]["data"]["s"], "币安人生USDT");
}

TEST_F(MarketStream, AllSymbolsComeInSeveralFramesWithCoinMarginedRowsMixedIn) {
  const ConnectionId market = connect("/market/ws/!markPrice@arr@1s");
  pass(second_ms + 5);
  const std::vector<json> frames = messages_of(market);
  ASSERT_EQ(frames.size(), 2U);
  int coinm = 0;
  for (const json& row : frames[0]) {
    EXPECT_NE(row["s"], "XAUUSDT");
    coinm += row["st"] == 2 ? 1 : 0;
    if (row["s"] == "BTCUSD_261225") {
      EXPECT_EQ(row["r"], "");
      EXPECT_FALSE(row.contains("ap"));
    }
    if (row["s"] == "BTCUSDT_261225") {
      EXPECT_EQ(row["r"], "0.00000000");
      EXPECT_EQ(row["T"], 0);
    }
  }
  EXPECT_EQ(coinm, 4);
  EXPECT_EQ(frames[1].at(0)["s"], "XAUUSDT");
}

TEST_F(MarketStream, EverythingIsAcknowledgedAndWhatIsWrongStaysSilent) {
  const ConnectionId market = connect("/market/stream");
  const json ack =
      reply(market, R"({"method":"SUBSCRIBE","params":["BTCUSDT@markPrice@1s",)"
                    R"("nopeusdt@markPrice@1s","btcusdt@nonsense","garbage"],"id":7})");
  EXPECT_EQ(ack, (json{{"result", nullptr}, {"id", 7}}));
  EXPECT_EQ(frames_in(market, 10 * second_ms), 0U);
  for (const char* target :
       {"/public/ws/btcusdt@markPrice@1s", "/ws/btcusdt@markPrice@1s",
        "/private/ws/btcusdt@markPrice@1s", "/stream?streams=btcusdt@markPrice@1s"}) {
    EXPECT_EQ(frames_in(connect(target), 10 * second_ms), 0U) << target;
  }
}

TEST_F(MarketStream, CoinMarginedPricesCanBeSubscribedHereToo) {
  const ConnectionId market = connect("/market/ws/btcusd_perp@markPrice@1s");
  EXPECT_EQ(frames_in(market, 5 * second_ms + 5), 5U);
}

TEST_F(MarketStream, UnsubscribingEndsAStreamAndListingShowsTheRest) {
  const ConnectionId market =
      connect("/market/stream?streams=btcusdt@markPrice@1s/ethusdt@markPrice@1s");
  reply(market, R"({"method":"UNSUBSCRIBE","params":["btcusdt@markPrice@1s"],"id":1})");
  const json list = reply(market, R"({"method":"LIST_SUBSCRIPTIONS","id":2})");
  EXPECT_EQ(list["result"], json::array({"ethusdt@markPrice@1s"}));
  EXPECT_EQ(frames_in(market, 5 * second_ms + 5), 5U);
  reply(market, R"({"method":"UNSUBSCRIBE","params":["ethusdt@markPrice@1s"],"id":3})");
  EXPECT_EQ(frames_in(market, 5 * second_ms), 0U);
}

TEST_F(MarketStream, CombinedIsAPropertyThatCanBeSetAndRead) {
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  EXPECT_EQ(reply(market, R"({"method":"GET_PROPERTY","params":["combined"],"id":1})")["result"],
            false);
  reply(market, R"({"method":"SET_PROPERTY","params":["combined",true],"id":2})");
  pass(second_ms + 5);
  EXPECT_EQ(messages_of(market).at(0)["stream"], "btcusdt@markPrice@1s");
}

TEST_F(MarketStream, MalformedFramesGetTheExchangesErrorNumbers) {
  const ConnectionId market = connect("/market/stream");
  const auto code = [&](std::string_view text) -> int {
    return reply(market, text)["error"]["code"];
  };
  EXPECT_EQ(code(R"({"method":"GET_PROPERTY","params":["colour"],"id":1})"), 0);
  EXPECT_EQ(code(R"({"method":"SET_PROPERTY","params":["combined","yes"],"id":1})"), 1);
  EXPECT_EQ(code(R"({"method":"JUMP","id":1})"), 2);
  EXPECT_EQ(code(R"({"method":"SUBSCRIBE","params":"btcusdt@markPrice","id":1})"), 2);
  EXPECT_EQ(code(R"({"method":"SUBSCRIBE","params":[1],"id":1})"), 2);
  EXPECT_EQ(code(R"({"method":"SUBSCRIBE","params":[],"id":-1})"), 2);
  EXPECT_EQ(code("[]"), 2);
  EXPECT_EQ(code("{"), 3);
}

TEST_F(MarketStream, EleventhMessageWithinASecondClosesWith1008) {
  const ConnectionId market = connect("/market/stream");
  for (int message = 0; message < 10; ++message) {
    exchange.receive_text(market, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", now);
  }
  pass(999);
  exchange.receive_pong(market, "unsolicited", now);
  const std::vector<Effect> effects = effects_of(market);
  ASSERT_EQ(effects.size(), 11U);
  EXPECT_EQ(effects[10].kind, EffectKind::close);
  EXPECT_EQ(effects[10].close_code, 1008);
  EXPECT_EQ(*effects[10].payload, "Too many requests");
  EXPECT_EQ(exchange.world().statistics.broken(Violation::message_rate), 1U);
  EXPECT_TRUE(exchange.connections().empty());
}

TEST_F(MarketStream, TenMessagesASecondAreFineForEver) {
  const ConnectionId market = connect("/market/stream");
  for (int second = 0; second < 5; ++second) {
    for (int message = 0; message < 10; ++message) exchange.receive_ping(market, "p", now);
    pass(second_ms);
  }
  EXPECT_EQ(exchange.connections().size(), 1U);
  EXPECT_EQ(exchange.world().statistics.peak_messages_per_second, 10);
}

TEST_F(MarketStream, StreamAboveTheLimitGetsErrorFourAndThenTheEnd) {
  const ConnectionId market = connect("/market/stream");
  const auto subscribe = [&](int first, int count) {
    json names = json::array();
    for (int name = first; name < first + count; ++name)
      names.push_back(std::to_string(name) + "usdt");
    exchange.receive_text(
        market, json{{"method", "SUBSCRIBE"}, {"params", names}, {"id", first}}.dump(), now);
  };
  subscribe(0, 1'024);
  EXPECT_EQ(messages_of(market).at(0)["result"], nullptr);
  subscribe(2'000, 1);
  const std::vector<Effect> effects = effects_of(market);
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(json::parse(*effects[0].payload)["error"]["code"], 4);
  EXPECT_EQ(effects[1].close_code, 1008);
}

TEST_F(MarketStream, ServerPingsEveryThreeMinutesAndDropsWhoDoesNotAnswer) {
  const ConnectionId deaf = connect("/market/stream");
  const ConnectionId polite = connect("/market/stream");
  for (int minute = 0; minute < 14; ++minute) {
    pass(minute_ms);
    for (const Effect& effect : effects_of(polite)) {
      ASSERT_EQ(effect.kind, EffectKind::ping);
      exchange.receive_pong(polite, *effect.payload, now);
    }
  }
  EXPECT_TRUE(exchange.connections().contains(polite));
  EXPECT_FALSE(exchange.connections().contains(deaf));
  const std::vector<Effect> effects = effects_of(deaf);
  EXPECT_EQ(effects.front().kind, EffectKind::ping);
  EXPECT_EQ(effects.back().kind, EffectKind::drop);
}

TEST_F(MarketStream, PongThatDoesNotEchoThePayloadProvesNothing) {
  const ConnectionId market = connect("/market/stream");
  for (int minute = 0; minute < 14; ++minute) {
    pass(minute_ms);
    exchange.receive_pong(market, "something else", now);
  }
  EXPECT_TRUE(exchange.connections().empty());
}

TEST_F(MarketStream, ConnectionEndsWith1001AfterADay) {
  const ConnectionId market = connect("/market/stream");
  const UnixMs end = now + 24 * hour_ms;
  while (now + minute_ms < end) {
    pass(minute_ms);
    for (const Effect& effect : effects_of(market)) {
      exchange.receive_pong(market, *effect.payload, now);
    }
  }
  EXPECT_EQ(exchange.connections().size(), 1U);
  pass(minute_ms);
  EXPECT_EQ(effects_of(market).back().close_code, 1001);
}

TEST_F(MarketStream, UnknownPathsAreRefusedAtTheHandshake) {
  const auto refused = exchange.open("/nowhere", "127.0.0.1", now);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, 404);
}

TEST_F(MarketStream, NothingTicksWhileNobodyListens) {
  EXPECT_EQ(exchange.next_deadline(), exchange.world().next_funding(now));
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  EXPECT_LE(exchange.next_deadline(), now + second_ms + 3);
  exchange.closed(market, now);
  EXPECT_GT(exchange.next_deadline(), now + second_ms + 3);
}

class SlowMarket : public ExchangeTest {
 protected:
  static Scenario slow_scenario() {
    Scenario slow = scenario();
    slow.rules.mark_price_interval_ms = minute_ms;
    return slow;
  }

  SlowMarket() : ExchangeTest(slow_scenario()) {}
};

TEST_F(SlowMarket, EveryStreamTicksOnceAnInterval) {
  const ConnectionId one = connect("/market/ws/btcusdt@markPrice@1s");
  const ConnectionId three = connect("/market/ws/btcusdt@markPrice");
  pass(10 * minute_ms - 1);
  EXPECT_EQ(messages_of(one).size(), 9U);
  EXPECT_EQ(messages_of(three).size(), 9U);
  pass(1);
  EXPECT_EQ(messages_of(one).at(0)["E"], now);
}

TEST_F(SlowMarket, PricesWalkAsFarAsInManySmallSteps) {
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  const Amount start = exchange.world().prices.at(0, now).mark;
  pass_politely(12 * hour_ms);
  const std::vector<json> messages = messages_of(market);
  ASSERT_EQ(messages.size(), 720U);
  const Amount end = Amount::literal(messages.back()["p"].get<std::string>());
  EXPECT_NE(end, start);
  EXPECT_LT((end - start).absolute(), start * Amount::literal("0.5"));
}

}  // namespace
}  // namespace exchange
