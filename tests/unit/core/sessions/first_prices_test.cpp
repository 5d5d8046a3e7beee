#include "bridge/core/sessions/first_prices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum PositionSide;

class FirstPricesTest : public ::testing::Test {
 protected:
  FirstPricesTest() {
    account_ = feed_.add_account({.name = "main", .venue = Venue::binance_usdm}, now());
    feed_.set_user_connected(account_, true);
    feed_.synchronize(account_, {}, "ready", now());
    feed_.set_mark_connected(true, "connected", now());
  }

  Now now() const {
    return {.monotonic = MonotonicTime{1h} + elapsed_,
            .wall = exchange_time(10'000'000) + elapsed_};
  }
  void hold(const std::string& symbol, const std::string& amount = "1") {
    feed_.apply(account_,
                account_update(10'000'000 + ++changes_, {change(symbol, both, amount, "100")}),
                now());
  }
  // "BTCUSDT", or "all".
  std::vector<std::string> wake() {
    prices_.wake(feed_, now(), effects_);
    std::vector<std::string> asked;
    for (const Effect& effect : effects_.take()) {
      const auto& request = std::get<effect::Request>(effect);
      last_request_ = request.request;
      asked.push_back(request.endpoint == Endpoint::premium_index ? request.symbol : "all");
    }
    return asked;
  }
  void answer(const std::string& symbol, const std::string& price) {
    prices_.answer(
        last_request_,
        PremiumIndex{{{.symbol = symbol, .mark_price = decimal(price), .time = now().wall}}}, feed_,
        now());
  }
  std::string price_of(const std::string& symbol) {
    const auto* price = feed_.mark_prices().find(feed_.symbols().find(symbol).value());
    return price == nullptr ? "nil" : price->mark_price.to_string();
  }

  Subscriber subscriber_;
  std::uint32_t topics_ = 0;
  ExchangeClock clock_;
  PositionFeed feed_{subscriber_, clock_, 10s, topics_};
  PositionFeed::AccountNumber account_ = 0;
  FirstPrices prices_;
  Effects effects_;
  RequestNumber last_request_ = 0;
  Duration elapsed_{};
  std::int64_t changes_ = 0;
};

TEST_F(FirstPricesTest, SymbolThatIsHeldWithoutAPriceIsAskedForOnce) {
  hold("BTCUSDT");
  EXPECT_THAT(wake(), ElementsAre("BTCUSDT"));
  EXPECT_THAT(wake(), IsEmpty());
  hold("ETHUSDT");
  EXPECT_THAT(wake(), ElementsAre("ETHUSDT"));
}

TEST_F(FirstPricesTest, AnswerIsPublishedAndNothingMoreIsAsked) {
  hold("BTCUSDT");
  wake();
  answer("BTCUSDT", "110");
  EXPECT_EQ(subscriber_.lines.back(),
            "main BTCUSDT BOTH LONG 1 entry 100 mark 110 pnl 10 live mark_price");
  elapsed_ += 1min;
  EXPECT_THAT(wake(), IsEmpty());
}

TEST_F(FirstPricesTest, PriceThatTheStreamHasBroughtMeanwhileWins) {
  hold("BTCUSDT");
  wake();
  feed_.apply(tick("BTCUSDT", "120", to_ms(now().wall) - 5), now());
  answer("BTCUSDT", "110");
  EXPECT_EQ(price_of("BTCUSDT"), "120");
}

TEST_F(FirstPricesTest, PriceOfASymbolThatIsNotHeldIsNotKept) {
  hold("BTCUSDT");
  wake();
  hold("BTCUSDT", "0");
  answer("BTCUSDT", "110");
  EXPECT_EQ(price_of("BTCUSDT"), "nil");
}

TEST_F(FirstPricesTest, RequestThatFailsIsRepeatedAFewTimesOnly) {
  hold("BTCUSDT");
  int requests = 0;
  for (int round = 0; round < 20; ++round) {
    requests += static_cast<int>(wake().size());
    prices_.answer(last_request_, RestFailure{.kind = RestFailure::Kind::timeout}, feed_, now());
    elapsed_ += limits::first_price_request_repeat;
  }
  EXPECT_EQ(requests, limits::first_price_requests_max);
  hold("BTCUSDT", "0");
  wake();
  hold("BTCUSDT");
  EXPECT_THAT(wake(), ElementsAre("BTCUSDT")) << "a new position is a new question";
}

TEST_F(FirstPricesTest, WhatOneRequestForAllCostsLessForIsAskedForAtOnce) {
  for (int number = 0; number < 10; ++number) hold("A" + std::to_string(number) + "USDT");
  EXPECT_EQ(wake().size(), 10U);
  for (int number = 0; number < 11; ++number) hold("B" + std::to_string(number) + "USDT");
  EXPECT_THAT(wake(), ElementsAre("all"));
}

TEST_F(FirstPricesTest, LateAnswerAfterAStopIsIgnored) {
  hold("BTCUSDT");
  wake();
  prices_.stop();
  answer("BTCUSDT", "110");
  EXPECT_EQ(price_of("BTCUSDT"), "nil");
}

}  // namespace
}  // namespace bridge
