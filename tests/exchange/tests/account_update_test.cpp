// ACCOUNT_UPDATE by the exchange's push rules.

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;
using enum OrderSide;
using enum PositionSide;

class AccountUpdate : public ExchangeTest {};

TEST_F(AccountUpdate, OneWayTradePushesOneRowOfTheSymbolAndItsAsset) {
  const ConnectionId user = connect_user("solo");
  const TradeReceipt receipt = trade("solo", "BTCUSDT", buy, "0.5", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  const json& event = messages[0];
  EXPECT_EQ(event["e"], "ACCOUNT_UPDATE");
  EXPECT_EQ(event["T"], receipt.time);
  EXPECT_EQ(event["a"]["m"], "ORDER");
  ASSERT_EQ(event["a"]["B"].size(), 1U);
  EXPECT_EQ(event["a"]["B"][0]["a"], "USDT");
  EXPECT_EQ(event["a"]["B"][0]["wb"], "9980");  // less the fee of 0.05 %
  EXPECT_EQ(event["a"]["B"][0]["bc"], "0");
  ASSERT_EQ(event["a"]["P"].size(), 1U);
  const json& row = event["a"]["P"][0];
  EXPECT_EQ(row["s"], "BTCUSDT");
  EXPECT_EQ(row["pa"], "0.5");
  EXPECT_EQ(row["ep"], "80000");
  EXPECT_EQ(row["ps"], "BOTH");
  EXPECT_EQ(row["mt"], "cross");
  EXPECT_EQ(row["ma"], "USDT");
  EXPECT_FALSE(event["a"].contains("S"));
}

TEST_F(AccountUpdate, KeysComeInTheOrderOfTheWire) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  const std::vector<Effect> effects = effects_of(user);
  ASSERT_EQ(effects.size(), 1U);
  const auto event = nlohmann::ordered_json::parse(*effects[0].payload);
  const auto names = [](const nlohmann::ordered_json& object) {
    std::string joined;
    for (const auto& item : object.items()) joined += item.key() + " ";
    return joined;
  };
  EXPECT_EQ(names(event), "e T E a ");
  EXPECT_EQ(names(event["a"]), "B P m ");
  EXPECT_EQ(names(event["a"]["P"][0]), "s pa ep cr up mt iw ps ma bep ");
}

TEST_F(AccountUpdate, FlipInOneWayModeIsOneEventThroughZero) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "ETHUSDT", buy, "2", "3000");
  trade("solo", "ETHUSDT", sell, "5", "3100");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 2U);
  const json& row = messages[1]["a"]["P"][0];
  EXPECT_EQ(row["pa"], "-3");
  EXPECT_EQ(row["ep"], "3100");
  EXPECT_EQ(row["cr"], "200.00000000");
}

TEST_F(AccountUpdate, ClosedPositionIsARowOfZeros) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "ETHUSDT", buy, "2", "3000");
  trade("solo", "ETHUSDT", sell, "2", "2999");
  const json row = messages_of(user).back()["a"]["P"][0];
  EXPECT_EQ(row["pa"], "0");
  EXPECT_EQ(row["ep"], "0");
  EXPECT_EQ(row["bep"], "0");
  EXPECT_EQ(row["up"], "0");
  EXPECT_EQ(row["cr"], "-2.00000000");
}

TEST_F(AccountUpdate, HedgeModePushesAZeroBothRowBesideTheLegThatChanged) {
  const ConnectionId user = connect_user("legs");
  trade("legs", "BTCUSDT", buy, "0.5", "80000", long_leg);
  trade("legs", "BTCUSDT", sell, "0.2", "80000", short_leg);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 2U);
  const json& rows = messages[1]["a"]["P"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["ps"], "BOTH");
  EXPECT_EQ(rows[0]["pa"], "0");
  EXPECT_EQ(rows[1]["ps"], "SHORT");
  EXPECT_EQ(rows[1]["pa"], "-0.2");
}

TEST_F(AccountUpdate, IsolatedLegsOfTheSymbolArePushedTogether) {
  const ConnectionId user = connect_user("legs");
  ASSERT_TRUE(exchange.set_margin_type("legs", "BTCUSDT", MarginType::isolated, now));
  trade("legs", "BTCUSDT", buy, "0.5", "80000", long_leg);
  trade("legs", "BTCUSDT", sell, "0.2", "80000", short_leg);
  const json last = messages_of(user).back();
  const json& rows = last["a"]["P"];
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1]["ps"], "LONG");
  EXPECT_EQ(rows[1]["iw"], "2000.00000000");  // 40000 at twenty times leverage
  EXPECT_EQ(rows[2]["ps"], "SHORT");
  EXPECT_EQ(last["a"]["B"][0]["cw"], "7172");  // 9972 without 2000 and 800
}

TEST_F(AccountUpdate, MarginTypeChangePushesTheSymbolsBothRow) {
  const ConnectionId user = connect_user("solo");
  ASSERT_TRUE(exchange.set_margin_type("solo", "BTCUSDT", MarginType::isolated, now));
  exchange.advance(now);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["a"]["m"], "MARGIN_TYPE_CHANGE");
  EXPECT_EQ(messages[0]["a"]["P"][0]["mt"], "isolated");
}

TEST_F(AccountUpdate, FundingOfACrossedPositionHasABalanceAndASymbolButNoRow) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  messages_of(user);
  exchange.pay_funding(now);
  exchange.advance(now);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["a"]["m"], "FUNDING_FEE");
  EXPECT_EQ(messages[0]["a"]["P"], json::array());
  EXPECT_EQ(messages[0]["a"]["S"], "BTCUSDT");
  EXPECT_NE(messages[0]["a"]["B"][0]["bc"], "0");
}

TEST_F(AccountUpdate, FundingOfAnIsolatedPositionHasItsRowToo) {
  const ConnectionId user = connect_user("solo");
  ASSERT_TRUE(exchange.set_margin_type("solo", "BTCUSDT", MarginType::isolated, now));
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  messages_of(user);
  exchange.pay_funding(now);
  exchange.advance(now);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  ASSERT_EQ(messages[0]["a"]["P"].size(), 1U);
  EXPECT_EQ(messages[0]["a"]["S"], "BTCUSDT");
}

TEST_F(AccountUpdate, FundingComesByItselfAtItsHours) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_UPDATE");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  messages_of(user);
  const UnixMs due = exchange.world().next_funding(now);
  while (now < due - minute_ms) {
    pass_politely(minute_ms);
    ask("PUT", "/fapi/v1/listenKey", "key-of-solo");
  }
  EXPECT_TRUE(effects_of(user).empty());
  pass(minute_ms);
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["T"], due);
}

TEST_F(AccountUpdate, DepositHasNoRows) {
  const ConnectionId user = connect_user("solo");
  ASSERT_TRUE(exchange.deposit("solo", "USDC", Amount::whole(250), now));
  exchange.advance(now);
  const json event = messages_of(user).at(0);
  EXPECT_EQ(event["a"]["m"], "DEPOSIT");
  EXPECT_EQ(event["a"]["P"], json::array());
  EXPECT_EQ(event["a"]["B"][0]["bc"], "250");
}

TEST_F(AccountUpdate, LeverageChangeIsAConfigurationEvent) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_CONFIG_UPDATE");
  ASSERT_TRUE(exchange.set_leverage("solo", "BTCUSDT", 25, now));
  exchange.advance(now);
  const json event = messages_of(user).at(0);
  EXPECT_EQ(event["e"], "ACCOUNT_CONFIG_UPDATE");
  EXPECT_EQ(event["ac"], (json{{"s", "BTCUSDT"}, {"l", 25}}));
}

TEST_F(AccountUpdate, PositionModeChangesWithoutAWord) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_UPDATE/ACCOUNT_CONFIG_UPDATE");
  ASSERT_TRUE(exchange.set_mode("solo", PositionMode::hedge, now));
  pass(second_ms);
  EXPECT_TRUE(messages_of(user).empty());
  EXPECT_EQ(json::parse(ask_signed("/fapi/v1/accountConfig", "solo").body)["dualSidePosition"],
            true);
}

TEST_F(AccountUpdate, WhatTheExchangeWouldRefuseChangesNothing) {
  trade("legs", "BTCUSDT", buy, "0.5", "80000", long_leg);
  const auto code_of = [this](std::string_view name, const TradeOrder& order) {
    const Result<TradeReceipt> receipt = exchange.trade(name, order, now);
    return receipt ? 0 : receipt.error().code;
  };
  const Amount one = Amount::whole(1);
  EXPECT_EQ(
      code_of("legs",
              {.symbol = "BTCUSDT", .side = sell, .position_side = long_leg, .quantity = one}),
      -2022);
  EXPECT_EQ(code_of("legs", {.symbol = "BTCUSDT", .quantity = one}), -4061);
  EXPECT_EQ(code_of("solo", {.symbol = "BTCUSDT", .quantity = Amount::literal("0.0005")}), -1111);
  EXPECT_EQ(code_of("solo", {.symbol = "BTCUSD_PERP", .quantity = one}), -1121);
  EXPECT_EQ(code_of("solo", {.symbol = "NOPEUSDT", .quantity = one}), -1121);
  EXPECT_EQ(exchange.set_mode("legs", PositionMode::one_way, now).error().code, -4068);
  EXPECT_EQ(exchange.world().find_member("legs")->changes, 1U);
  EXPECT_EQ(exchange.world().find_member("solo")->changes, 0U);
}

TEST_F(AccountUpdate, OrderEventsComeInTheOrderOfTheExchange) {
  const ConnectionId user = connect_user("solo", "ACCOUNT_UPDATE/ORDER_TRADE_UPDATE/TRADE_LITE");
  trade("solo", "BTCUSDT", buy, "0.020", "80000");
  const std::vector<json> messages = messages_of(user);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0]["e"], "TRADE_LITE");
  EXPECT_EQ(messages[0]["q"], "0.020");
  EXPECT_EQ(messages[1]["o"]["x"], "NEW");
  EXPECT_EQ(messages[2]["e"], "ACCOUNT_UPDATE");
  EXPECT_EQ(messages[3]["o"]["X"], "FILLED");
  EXPECT_EQ(messages[3]["o"]["q"], "0.02");
  EXPECT_EQ(messages[3]["o"]["t"], messages[0]["t"]);
}

}  // namespace
}  // namespace exchange
