#include "bridge/core/sessions/mark_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum PositionSide;

class MarkSessionTest : public ::testing::Test {
 protected:
  MarkSessionTest() {
    account_ = feed_.add_account({.name = "main", .venue = Venue::binance_usdm}, now());
    feed_.set_user_connected(account_, true);
    feed_.synchronize(account_, {}, "ready", now());
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

  void collect() {
    for (Effect& effect : session_.effects().take()) {
      if (const auto* open = std::get_if<effect::OpenMarketStream>(&effect)) stream_ = open->stream;
      if (const auto* close = std::get_if<effect::CloseStream>(&effect))
        closed_.push_back(close->stream);
      if (std::holds_alternative<effect::Ping>(effect)) session_.stream_alive(stream_, now());
      if (const auto* control = std::get_if<effect::ChangeSubscriptions>(&effect)) {
        std::string line =
            control->method == effect::ChangeSubscriptions::Method::subscribe ? "+" : "-";
        for (const std::string& symbol : control->symbols) line += " " + symbol;
        control_.push_back(line);
        control_times_.push_back(now().monotonic);
        largest_message_ = std::max(largest_message_, control->symbols.size());
      }
    }
  }

  void open() {
    if (stream_ == 0) session_.start(now());
    collect();
    session_.stream_opened(stream_, now());
    collect();
  }

  void pass(Duration duration) {
    const MonotonicTime end = now().monotonic + duration;
    while (session_.deadline() <= end) {
      elapsed_ = std::max(now().monotonic, session_.deadline()) - MonotonicTime{1h};
      session_.wake(now());
      collect();
    }
    elapsed_ = end - MonotonicTime{1h};
  }

  void price(std::string_view symbol) {
    const std::array ticks{tick(symbol, "100", to_ms(now().wall))};
    session_.stream_prices(stream_, ticks, now());
  }

  std::vector<std::string> take_control() { return std::exchange(control_, {}); }

  Subscriber subscriber_;
  std::uint32_t topics_ = 0;
  ExchangeClock clock_;
  PositionFeed feed_{subscriber_, clock_, 10s, topics_};
  PositionFeed::AccountNumber account_ = 0;
  ConnectionPacer pacer_;
  MarkSession session_{feed_, pacer_, {.silence_max = 10s, .seed = 1}};
  Duration elapsed_{};
  std::int64_t changes_ = 0;

  StreamNumber stream_ = 0;
  std::vector<StreamNumber> closed_;
  std::vector<std::string> control_;
  std::vector<MonotonicTime> control_times_;
  std::size_t largest_message_ = 0;
};

TEST_F(MarkSessionTest, FollowsTheSymbolsThatAreHeld) {
  hold("BTCUSDT");
  open();
  pass(1s);
  EXPECT_THAT(take_control(), ElementsAre("+ BTCUSDT"));
  hold("ETHUSDT");
  pass(1s);
  EXPECT_THAT(take_control(), ElementsAre("+ ETHUSDT"));
  hold("BTCUSDT", "0");
  pass(1s);
  EXPECT_THAT(take_control(), ElementsAre("- BTCUSDT"));
  EXPECT_EQ(session_.metrics().subscriptions.read(), 1U);
}

TEST_F(MarkSessionTest, ConnectionIsHeldWithoutAnySymbol) {
  open();
  pass(22h);
  EXPECT_THAT(take_control(), IsEmpty());
  EXPECT_THAT(closed_, IsEmpty());
  EXPECT_TRUE(feed_.mark_connected());
}

TEST_F(MarkSessionTest, SubscribesToEverythingAgainAfterAReconnection) {
  hold("BTCUSDT");
  hold("ETHUSDT");
  open();
  pass(1s);
  take_control();
  session_.stream_closed(stream_, {CloseCause::reset, "cut"}, now());
  EXPECT_FALSE(feed_.mark_connected());
  pass(limits::backoff_base);
  open();
  pass(1s);
  EXPECT_THAT(take_control(), ElementsAre("+ BTCUSDT ETHUSDT"));
  EXPECT_TRUE(feed_.mark_connected());
}

TEST_F(MarkSessionTest, FiveHundredSymbolsAtOnceStayWithinTheExchangesLimits) {
  for (int i = 0; i < 500; ++i) hold("S" + std::to_string(1'000 + i) + "USDT");
  open();
  pass(5s);
  EXPECT_THAT(control_, SizeIs(3));
  EXPECT_LE(largest_message_, limits::symbols_per_control_message_max);
  for (std::size_t i = 1; i < control_times_.size(); ++i)
    EXPECT_GE(control_times_[i] - control_times_[i - 1], limits::control_message_interval);
  EXPECT_EQ(session_.metrics().subscriptions.read(), 500U);
}

TEST_F(MarkSessionTest, SymbolThatBringsNoPriceIsAskedForAgainAtGrowingIntervals) {
  hold("BTCUSDT");
  hold("GONEUSDT");
  open();
  pass(1s);
  take_control();
  const auto end = elapsed_ + 1h;
  while (elapsed_ < end) {
    price("BTCUSDT");
    pass(1s);
  }
  const auto asked = take_control();
  EXPECT_GE(asked.size(), 5U);
  EXPECT_LE(asked.size(), 14U);
  for (const std::string& line : asked) EXPECT_EQ(line, "+ GONEUSDT");
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(MarkSessionTest, ConnectionThatBringsNoPricesAnyMoreIsReplaced) {
  hold("BTCUSDT");
  open();
  pass(1s);
  price("BTCUSDT");
  pass(9s);
  EXPECT_THAT(closed_, IsEmpty());
  pass(1s);
  EXPECT_THAT(closed_, SizeIs(1));
  EXPECT_EQ(session_.metrics().stream.disconnects[CloseCause::silence].read(), 1U);
}

// The simulation found it: acknowledged, answering pings, and mute from its beginning.
TEST_F(MarkSessionTest, ConnectionThatNeverBringsAPriceIsReplaced) {
  hold("BTCUSDT");
  open();
  pass(limits::mute_stream_patience_min + 1s);
  EXPECT_THAT(closed_, SizeIs(1));
}

TEST_F(MarkSessionTest, SymbolsThatAreDeadDoNotMakeAStormOfReconnections) {
  hold("GONEUSDT");
  for (const auto end = elapsed_ + 24h; elapsed_ < end;) {
    if (!feed_.mark_connected()) open();
    pass(1s);
  }
  EXPECT_LE(closed_.size(), 24U * 6 + 10) << "more often than every ten minutes";
}

TEST_F(MarkSessionTest, SilenceWhileNothingWasHeldIsNoSilence) {
  hold("BTCUSDT");
  open();
  pass(1s);
  price("BTCUSDT");
  hold("BTCUSDT", "0");
  pass(10min);
  hold("BTCUSDT");
  pass(5s);
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(MarkSessionTest, PriceOfAConnectionThatWasGivenUpIsIgnored) {
  hold("BTCUSDT");
  open();
  session_.stream_closed(stream_, {CloseCause::reset, "cut"}, now());
  subscriber_.take();
  price("BTCUSDT");
  EXPECT_THAT(subscriber_.take(), IsEmpty());
}

TEST_F(MarkSessionTest, StoppedSessionStaysClosed) {
  open();
  session_.stop(now());
  collect();
  EXPECT_THAT(closed_, SizeIs(1));
  EXPECT_EQ(session_.deadline(), never);
}

TEST_F(MarkSessionTest, PriceFromRestDoesNotProveASubscription) {
  hold("BTCUSDT");
  open();
  pass(1s);
  take_control();
  feed_.apply(tick("BTCUSDT", "100", to_ms(now().wall)), MarkPrices::Source::rest, now());
  hold("ETHUSDT");
  pass(limits::first_price_timeout - 2s);
  price("ETHUSDT");  // the connection is well
  pass(4s);
  EXPECT_THAT(take_control(), ElementsAre("+ ETHUSDT", "+ BTCUSDT"));
}

}  // namespace
}  // namespace bridge
