// The model's messages beside real ones: the same keys in the same order. Real messages are looked
// for beside the project and are no part of it; without them these tests are skipped.

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using Json = nlohmann::ordered_json;
using enum OrderSide;

/// The keys of a message in their order, without values: {e E data{s p}}. An array is shown by its
/// first element, since all are alike.
std::string shape_of(const Json& json) {
  if (json.is_array()) return json.empty() ? "[]" : "[" + shape_of(json.front()) + "]";
  if (!json.is_object()) return {};
  std::string shape;
  for (const auto& [key, value] : json.items()) {
    if (!shape.empty()) shape += ' ';
    shape += key + shape_of(value);
  }
  return "{" + shape + "}";
}

std::string shape_of_text(const std::string& text) {
  return shape_of(Json::parse(text));
}

class Likeness : public ExchangeTest {
 protected:
  static std::filesystem::path corpus() { return CORPUS_FOLDER; }

  void SetUp() override {
    if (!std::filesystem::is_directory(corpus())) {
      GTEST_SKIP() << "there are no real messages at " << corpus();
    }
  }

  /// Shapes of the real USDⓈ-M messages in a file, of those that `wanted` accepts. Where none was
  /// captured, those of the exchange's documentation.
  template <typename Predicate>
  static std::set<std::string> real_shapes(const std::string& file, const Predicate& wanted) {
    std::set<std::string> captured;
    std::set<std::string> documented;
    std::ifstream lines(corpus() / (file + ".jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const Json entry = Json::parse(line);
      if (entry["market"] != "usdm" || !wanted(entry["payload"])) continue;
      if (entry["captured"] == true) captured.insert(shape_of(entry["payload"]));
      if (entry["captured"] == "documented") documented.insert(shape_of(entry["payload"]));
    }
    return captured.empty() ? documented : captured;
  }

  static std::set<std::string> real_shapes(const std::string& file) {
    return real_shapes(file, [](const Json&) { return true; });
  }

  static void expect_among(const std::string& shape, const std::set<std::string>& real) {
    std::string known;
    for (const std::string& one : real) known += "\n  " + one;
    EXPECT_TRUE(real.contains(shape)) << "  " << shape << "\nis not among the real ones:" << known;
  }

  /// The texts of a connection's frames.
  std::vector<std::string> frames_of(ConnectionId id) {
    std::vector<std::string> frames;
    for (const Effect& effect : effects_of(id)) frames.push_back(*effect.payload);
    return frames;
  }
};

TEST_F(Likeness, AccountUpdates) {
  const ConnectionId user = connect_user("solo");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  ASSERT_TRUE(exchange.deposit("solo", "USDT", Amount::whole(5), now));
  exchange.advance(now);
  const std::vector<std::string> frames = frames_of(user);
  ASSERT_EQ(frames.size(), 2U);
  for (const std::string& frame : frames) {
    expect_among(shape_of_text(frame), real_shapes("account_update"));
  }
}

TEST_F(Likeness, OrderUpdatesByWhatHappened) {
  const ConnectionId user = connect_user("solo", "ORDER_TRADE_UPDATE");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  const std::vector<std::string> frames = frames_of(user);
  ASSERT_EQ(frames.size(), 2U);
  for (const std::string& frame : frames) {
    const std::string execution = Json::parse(frame)["o"]["x"];
    const auto same = [&](const Json& real) {
      const Json& event = real.contains("data") ? real["data"] : real;
      return event["o"]["x"] == execution;
    };
    std::set<std::string> shapes = real_shapes("order_trade_update", same);
    // The newest fills that were captured are of conditional orders, which have an `st` besides.
    for (std::string shape : std::set<std::string>(shapes)) {
      const std::size_t found = shape.find(" st ");
      if (found != std::string::npos) shapes.insert(shape.erase(found, 3));
    }
    expect_among(shape_of_text(frame), shapes);
  }
}

TEST_F(Likeness, OtherUserEvents) {
  const ConnectionId user =
      connect_user("solo", "TRADE_LITE/ACCOUNT_CONFIG_UPDATE/listenKeyExpired");
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  ASSERT_TRUE(exchange.set_leverage("solo", "BTCUSDT", 25, now));
  exchange.advance(now);
  exchange.inject({.kind = FaultKind::expire_key, .account = "solo"}, now);
  const std::vector<std::string> frames = frames_of(user);
  ASSERT_EQ(frames.size(), 3U);
  expect_among(shape_of_text(frames[0]), real_shapes("trade_lite"));
  expect_among(shape_of_text(frames[1]), real_shapes("account_config_update"));
  expect_among(shape_of_text(frames[2]), real_shapes("listen_key_expired"));
}

TEST_F(Likeness, MarkPrices) {
  const ConnectionId raw = connect("/market/ws/btcusdt@markPrice@1s");
  const ConnectionId combined = connect("/market/stream?streams=btcusdt@markPrice@1s");
  pass(second_ms);
  expect_among(shape_of_text(frames_of(raw).at(0)), real_shapes("mark_price"));
  expect_among(shape_of_text(frames_of(combined).at(0)), real_shapes("mark_price_combined"));
}

TEST_F(Likeness, AnswersToSignedRequests) {
  trade("solo", "BTCUSDT", buy, "0.5", "80000");
  const auto objects_or_arrays = [](const std::string& file) {
    std::set<std::string> shapes = real_shapes(file);
    for (const std::string& shape : std::set<std::string>(shapes)) {
      if (shape.starts_with('{')) shapes.insert("[" + shape + "]");
    }
    return shapes;
  };
  const auto shape = [this](std::string_view path) {
    return shape_of_text(ask_signed(path, "solo").body);
  };
  expect_among(shape("/fapi/v3/positionRisk"), objects_or_arrays("position_risk_v3"));
  expect_among(shape("/fapi/v2/positionRisk"), objects_or_arrays("position_risk_v2"));
  expect_among(shape("/fapi/v1/symbolConfig"), real_shapes("symbol_config"));
  expect_among(shape("/fapi/v1/accountConfig"), real_shapes("account_config"));
  expect_among(shape("/fapi/v3/balance"), real_shapes("account_balance"));
  expect_among(shape("/fapi/v3/account"), real_shapes("account_v3"));
  expect_among(shape("/fapi/v2/account"), real_shapes("account_v2"));
}

// The captured ones were sorted by whoever recorded them, so only the set of keys counts there.
TEST_F(Likeness, PremiumIndexHasTheKeysOfTheRealOne) {
  const Json row = Json::parse(ask("GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT").body);
  const auto sorted = nlohmann::json(row);
  expect_among(shape_of(Json(sorted)), real_shapes("premium_index"));
}

TEST_F(Likeness, PublicAnswersAndErrors) {
  expect_among(shape_of_text(ask("GET", "/fapi/v1/time").body), real_shapes("time"));
  expect_among(shape_of_text(ask("GET", "/fapi/v1/premiumIndex?symbol=NOPE").body),
               real_shapes("error_body"));
  expect_among(shape_of_text(ask("POST", "/fapi/v1/listenKey", "key-of-solo").body),
               real_shapes("listen_key"));
}

}  // namespace
}  // namespace exchange
