// Faults of requests and of the exchange's clock.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;

class RestFaults : public ExchangeTest {
 protected:
  std::string amount_of_solo() {
    const json rows = json::parse(ask_signed("/fapi/v3/positionRisk", "solo").body);
    return rows.empty() ? "none" : rows[0]["positionAmt"].get<std::string>();
  }

  std::int64_t server_time() { return json::parse(ask("GET", "/fapi/v1/time").body)["serverTime"]; }
};

TEST_F(RestFaults, TooManyRequestsSaysWhenToComeBack) {
  exchange.inject({.kind = FaultKind::too_many_requests, .duration_ms = 30 * second_ms}, now);
  pass(10 * second_ms + 1);
  const HttpResponse refused = ask("GET", "/fapi/v1/time");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json::parse(refused.body)["code"], -1003);
  const std::pair<std::string, std::string> retry_after{"Retry-After", "20"};
  EXPECT_NE(std::find(refused.headers.begin(), refused.headers.end(), retry_after),
            refused.headers.end());
  pass(20 * second_ms);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").status, 200);
}

TEST_F(RestFaults, AnswersLeaveLater) {
  exchange.inject({.kind = FaultKind::rest_delay,
                   .account = "solo",
                   .endpoint = "/fapi/v3/positionRisk",
                   .delay_ms = 700},
                  now);
  EXPECT_EQ(ask_signed("/fapi/v3/positionRisk", "solo").delay_ms, 700);
  EXPECT_EQ(ask_signed("/fapi/v3/positionRisk", "legs").delay_ms, 0);
  EXPECT_EQ(ask("GET", "/fapi/v1/time").delay_ms, 0);
}

TEST_F(RestFaults, ShuffledAnswersOvertakeEachOther) {
  exchange.inject({.kind = FaultKind::rest_shuffle, .delay_ms = second_ms}, now);
  UnixMs last = 0;
  int overtaking = 0;
  for (int request = 0; request < 50; ++request) {
    const UnixMs delay = ask("GET", "/fapi/v1/time").delay_ms;
    EXPECT_GE(delay, 0);
    EXPECT_LE(delay, second_ms);
    overtaking += delay < last ? 1 : 0;
    last = delay;
  }
  EXPECT_GT(overtaking, 10);
}

TEST_F(RestFaults, LaggingAnswersTellOfPositionsAsTheyWere) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  pass(2 * second_ms);
  trade("solo", "BTCUSDT", buy, "0.2", "80000");
  pass(2 * second_ms);
  trade("solo", "BTCUSDT", sell, "0.3", "80000");
  EXPECT_EQ(messages_of(user).size(), 3U);
  EXPECT_EQ(amount_of_solo(), "none");
  exchange.inject({.kind = FaultKind::rest_lag, .count = 2, .delay_ms = second_ms}, now);
  EXPECT_EQ(amount_of_solo(), "0.300");
  EXPECT_EQ(amount_of_solo(), "0.300");
  EXPECT_EQ(amount_of_solo(), "none");
  exchange.inject({.kind = FaultKind::rest_lag, .count = 1, .delay_ms = 3 * second_ms}, now);
  EXPECT_EQ(amount_of_solo(), "0.100");
  exchange.inject({.kind = FaultKind::rest_lag, .count = 1, .delay_ms = minute_ms}, now);
  EXPECT_EQ(amount_of_solo(), "none");
}

TEST_F(RestFaults, LaggingRowsHaveTheUpdateTimesOfTheirOwnState) {
  const UnixMs opened_at = now;
  trade("solo", "BTCUSDT", buy, "0.1", "80000");
  pass(2 * second_ms);
  trade("solo", "BTCUSDT", buy, "0.2", "80000");
  exchange.inject({.kind = FaultKind::rest_lag, .delay_ms = second_ms}, now);
  const json rows = json::parse(ask_signed("/fapi/v3/positionRisk", "solo").body);
  EXPECT_EQ(rows[0]["updateTime"], opened_at);
}

TEST_F(RestFaults, ServerTimeLiesWhileTimestampsAreCheckedByTheTruth) {
  exchange.inject(
      {.kind = FaultKind::server_time, .duration_ms = minute_ms, .offset_ms = -30 * second_ms},
      now);
  EXPECT_EQ(server_time(), now - 30 * second_ms);
  EXPECT_EQ(ask_signed("/fapi/v3/positionRisk", "solo").status, 200);
  pass(minute_ms);
  EXPECT_EQ(server_time(), now);
}

TEST_F(RestFaults, ClockStepMovesEverythingThatTheExchangeSays) {
  const ConnectionId user = connect_user("solo");
  const ConnectionId market = connect("/market/ws/btcusdt@markPrice@1s");
  exchange.inject({.kind = FaultKind::clock_step, .offset_ms = 10 * second_ms}, now);
  EXPECT_EQ(server_time(), now + 10 * second_ms);
  const HttpResponse refused = ask_signed("/fapi/v3/positionRisk", "solo");
  EXPECT_EQ(json::parse(refused.body)["code"], -1021);
  const TradeReceipt receipt = trade("solo", "BTCUSDT", buy, "0.1", "80000");
  EXPECT_EQ(receipt.time, now + 10 * second_ms);
  const json event = messages_of(user).at(0);
  EXPECT_EQ(event["T"], receipt.time);
  EXPECT_EQ(event["E"], receipt.time);
  pass(second_ms);
  EXPECT_EQ(messages_of(market).at(0)["E"], now + 10 * second_ms);
  exchange.clear_faults();
  EXPECT_EQ(server_time(), now);
}

}  // namespace
}  // namespace exchange
