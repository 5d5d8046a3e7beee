#include "bridge/wire/exchange/control_requests.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bridge::test {
namespace {

TEST(ControlRequests, StreamNamesAreLowerCaseInAsciiOnly) {
  EXPECT_EQ(mark_price_stream_name("BTCUSDT", MarkPriceInterval::one_second),
            "btcusdt@markPrice@1s");
  EXPECT_EQ(mark_price_stream_name("1000PEPEUSDT", MarkPriceInterval::three_seconds),
            "1000pepeusdt@markPrice");
  EXPECT_EQ(mark_price_stream_name("BTCUSDT_261225", MarkPriceInterval::one_second),
            "btcusdt_261225@markPrice@1s");
  EXPECT_EQ(mark_price_stream_name("币安人生USDT", MarkPriceInterval::one_second),
            "币安人生usdt@markPrice@1s");
  EXPECT_EQ(mark_price_stream_name("ÄÖ", MarkPriceInterval::one_second), "ÄÖ@markPrice@1s");
}

TEST(ControlRequests, SubscriptionsAreWrittenAsTheExchangeDocumentsThem) {
  const std::vector<std::string> streams{"btcusdt@markPrice@1s", "牛来usdt@markPrice@1s"};
  EXPECT_EQ(
      subscribe_request(streams, 1),
      R"({"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","牛来usdt@markPrice@1s"],"id":1})");
  EXPECT_EQ(
      unsubscribe_request({streams.data(), 1}, 18446744073709551615U),
      R"({"method":"UNSUBSCRIBE","params":["btcusdt@markPrice@1s"],"id":18446744073709551615})");
  EXPECT_EQ(subscribe_request({}, 2), R"({"method":"SUBSCRIBE","params":[],"id":2})");
  EXPECT_EQ(list_subscriptions_request(3), R"({"method":"LIST_SUBSCRIPTIONS","id":3})");
}

TEST(ControlRequests, NamesCannotBreakOutOfTheirQuotes) {
  const std::vector<std::string> streams{"a\"],\"id\":9,\"x\":[\"\\", "b\n", "c\xFF", "["};
  const auto read = nlohmann::json::parse(subscribe_request(streams, 4));
  ASSERT_EQ(read["params"].size(), 4U);
  EXPECT_EQ(read["params"][0], streams[0]);
  EXPECT_EQ(read["params"][1], streams[1]);
  EXPECT_EQ(read["params"][2], "c\uFFFD");
  EXPECT_EQ(read["params"][3], "[");
  EXPECT_EQ(read["id"], 4);
}

TEST(ControlRequests, TheUserStreamMayBeSubscribedToOrNamedInThePath) {
  EXPECT_EQ(user_stream_target(UserStreamForm::subscribe, Secret{"Key123"}).reveal(), "/stream");
  EXPECT_EQ(user_stream_subscribe_request(Secret{"Key123"}, 7).reveal(),
            R"({"method":"SUBSCRIBE","params":["Key123"],"id":7})");
  EXPECT_EQ(user_stream_target(UserStreamForm::path, Secret{"Key123"}).reveal(), "/ws/Key123");
}

TEST(ControlRequests, AllMarkPricesAreOneStream) {
  effect::ChangeSubscriptions change;
  change.all_symbols = true;
  EXPECT_EQ(mark_price_stream_names(change, MarkPriceInterval::one_second),
            std::vector<std::string>{"!markPrice@arr@1s"});
  EXPECT_EQ(mark_price_stream_names(change, MarkPriceInterval::three_seconds),
            std::vector<std::string>{"!markPrice@arr"});
}

TEST(ControlRequests, TheUserStreamNamesItsEvents) {
  EXPECT_EQ(user_stream_target(UserStreamForm::events, Secret{"Key123"}).reveal(),
            "/ws?listenKey=Key123&events=ACCOUNT_UPDATE/ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/"
            "listenKeyExpired");
  EXPECT_EQ(user_stream_target(UserStreamForm::events, Secret{"a&b /"}).reveal().substr(0, 25),
            "/ws?listenKey=a%26b%20%2F");
}

}  // namespace
}  // namespace bridge::test
