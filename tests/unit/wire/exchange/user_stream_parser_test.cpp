#include "bridge/wire/exchange/user_stream_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/unit/wire/corpus.hpp"
#include "tests/unit/wire/decimal_matchers.hpp"
#include "tests/unit/wire/exchange/frames.hpp"

namespace bridge::test {
namespace {

using Kind = ParseError::Kind;

Result<UserMessage, ParseError> parse(std::string_view json) {
  static UserStreamParser parser;  // one for all, as in the program
  return parser.parse(Frame{json}.text());
}

template <class T>
T parse_as(std::string_view json) {
  const auto message = parse(json);
  if (!message) {
    ADD_FAILURE() << to_string(message.error()) << " in " << json;
    return {};
  }
  const T* expected = std::get_if<T>(&*message);
  if (expected == nullptr) {
    ADD_FAILURE() << "read as alternative " << message->index() << ": " << json;
    return {};
  }
  return *expected;
}

ParseError parse_error(std::string_view json) {
  const auto message = parse(json);
  if (message) {
    ADD_FAILURE() << "read without complaint: " << json;
    return {};
  }
  return message.error();
}

const ExactJson& without_envelope(const ExactJson& value) {
  const ExactJson* data = value.find("data");
  return data == nullptr ? value : *data;
}

std::string update_with_row(const std::string& row) {
  return R"({"e":"ACCOUNT_UPDATE","E":2,"T":1,"a":{"m":"ORDER","P":[)" + row + "]}}";
}

constexpr const char* whole_row =
    R"({"s":"BTCUSDT","pa":"-0.020","ep":"50000.10","bep":"50010.1","cr":"-7","up":"1",)"
    R"("mt":"isolated","iw":"12.5","ps":"SHORT"})";

void expect_same_position(const PositionChange& read, const ExactJson& sent,
                          const std::string& where) {
  EXPECT_EQ(read.symbol, sent.at("s").text) << where;
  EXPECT_EQ(to_string(read.position_side), sent.at("ps").text) << where;
  expect_same_number(read.amount, sent.at("pa"), where + " pa");
  expect_same_number(read.entry_price, sent.at("ep"), where + " ep");
  expect_same_number(read.break_even_price, sent.find("bep"), where + " bep");
  expect_same_number(read.realized_pnl, sent.find("cr"), where + " cr");
  expect_same_number(read.isolated_wallet, sent.find("iw"), where + " iw");
  ASSERT_EQ(read.margin_type.has_value(), sent.find("mt") != nullptr) << where;
  if (read.margin_type) {
    EXPECT_EQ(to_string(*read.margin_type), sent.at("mt").text) << where;
  }
}

void expect_same_update(const AccountUpdate& read, const ExactJson& sent,
                        const std::string& where) {
  EXPECT_EQ(std::to_string(to_ms(read.event_time)), sent.at("E").text) << where;
  EXPECT_EQ(std::to_string(to_ms(read.transaction_time)), sent.at("T").text) << where;
  // One message has the reason in the wrong place, and one has no list of positions.
  const ExactJson* reason = sent.at("a").find("m");
  EXPECT_EQ(read.reason, reason == nullptr ? "" : reason->text) << where;
  const ExactJson* positions = sent.at("a").find("P");
  const auto rows = positions == nullptr ? std::vector<ExactJson>{} : positions->elements;
  ASSERT_EQ(read.positions.size(), rows.size()) << where;
  for (std::size_t i = 0; i < rows.size(); ++i)
    expect_same_position(read.positions[i], rows[i], where + " row " + std::to_string(i));
}

TEST(UserStreamParser, EveryRealAccountUpdateIsReadExactly) {
  SKIP_WITHOUT_CORPUS();
  std::size_t row_count = 0;
  for (const auto& message : corpus("account_update")) {
    const auto update = parse_as<AccountUpdate>(message.payload);
    expect_same_update(update, without_envelope(message.value), message.name());
    row_count += update.positions.size();
  }
  EXPECT_GE(row_count, 30U) << "the corpus has become smaller, or is not read";
}

TEST(UserStreamParser, RealAccountUpdatesReadTheSameInAnyOrderAndInAnEnvelope) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("account_update")) {
    const ExactJson& sent = without_envelope(message.value);
    const std::string reversed = write_exactly(with_reversed_members(sent));
    const std::string name = message.name();
    expect_same_update(parse_as<AccountUpdate>(reversed), sent, name + " reversed");
    const std::string late = R"({"data":)" + reversed + R"(,"stream":"key"})";
    expect_same_update(parse_as<AccountUpdate>(late), sent, name + " stream name last");
    const std::string early = R"( { "stream" : "key" , "data" : )" + reversed + " } \n";
    expect_same_update(parse_as<AccountUpdate>(early), sent, name + " with spaces");
  }
}

TEST(UserStreamParser, EveryRealLeverageChangeIsRead) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("account_config_update")) {
    if (message.value.find("ac") == nullptr) {
      EXPECT_EQ(parse_as<OtherEvent>(message.payload).name, "ACCOUNT_CONFIG_UPDATE");
      continue;
    }
    const auto change = parse_as<LeverageChange>(message.payload);
    EXPECT_EQ(change.symbol, message.value.at("ac").at("s").text);
    EXPECT_EQ(std::to_string(change.leverage), message.value.at("ac").at("l").text);
    EXPECT_EQ(std::to_string(to_ms(change.event_time)), message.value.at("E").text);
    EXPECT_EQ(std::to_string(to_ms(change.transaction_time)), message.value.at("T").text);
  }
}

TEST(UserStreamParser, EveryRealListenKeyExpiryIsReadWithItsTimeAsNumberOrString) {
  SKIP_WITHOUT_CORPUS();
  std::set<ExactJson::Kind> kinds_of_time;
  for (const auto& message : corpus("listen_key_expired")) {
    const ExactJson& sent = without_envelope(message.value);
    const auto expired = parse_as<ListenKeyExpired>(message.payload);
    EXPECT_EQ(std::to_string(to_ms(expired.event_time)), sent.at("E").text) << message.name();
    kinds_of_time.insert(sent.at("E").kind);
    ASSERT_EQ(expired.listen_key.has_value(), sent.find("listenKey") != nullptr);
    if (expired.listen_key) {
      EXPECT_EQ(expired.listen_key->reveal(), sent.at("listenKey").text);
    }
  }
  EXPECT_EQ(kinds_of_time.size(), 2U);
}

TEST(UserStreamParser, EveryOtherRealEventIsNamedAndLeftAlone) {
  SKIP_WITHOUT_CORPUS();
  const auto messages =
      corpus({"order_trade_update", "trade_lite", "algo_update", "margin_call", "grid_update",
              "conditional_order_trigger_reject", "pm_risk_level_change", "pm_liability_change",
              "pm_open_order_loss", "other_market_event"});
  EXPECT_GE(messages.size(), 30U);
  for (const auto& message : messages) {
    const ExactJson& sent = without_envelope(message.value);
    const auto event = parse_as<OtherEvent>(message.payload);
    EXPECT_EQ(event.name, sent.at("e").text) << message.name();
    ASSERT_TRUE(event.event_time) << message.name();
    EXPECT_EQ(std::to_string(to_ms(*event.event_time)), sent.at("E").text) << message.name();
  }
}

TEST(UserStreamParser, EveryRealControlReplyIsRead) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("ws_control")) {
    // Requests are in the same file, and the exchange sends none.
    if (message.value.find("method") != nullptr) continue;
    const auto reply = parse_as<ControlReply>(message.payload);
    const ExactJson* error = message.value.find("error");
    if (error == nullptr && message.value.find("code") != nullptr) error = &message.value;
    ASSERT_EQ(reply.error_code.has_value(), error != nullptr) << message.name();
    if (error != nullptr) {
      EXPECT_EQ(std::to_string(*reply.error_code), error->at("code").text) << message.name();
      EXPECT_EQ(reply.error_message, error->at("msg").text) << message.name();
    }
    const ExactJson* id = message.value.find("id");
    ASSERT_EQ(reply.id.has_value(), id != nullptr && id->kind == ExactJson::Kind::number);
    if (reply.id) {
      EXPECT_EQ(std::to_string(*reply.id), id->text);
    }
  }
}

TEST(UserStreamParser, ControlRepliesComeInSeveralShapes) {
  EXPECT_EQ(parse_as<ControlReply>(R"({"result":null,"id":1})").id, 1U);
  EXPECT_EQ(parse_as<ControlReply>(R"({"id":18446744073709551615,"result":null})").id, UINT64_MAX);
  EXPECT_EQ(parse_as<ControlReply>(R"({"id":"7","result":true})").id, 7U);
  EXPECT_FALSE(parse_as<ControlReply>(R"({"id":null,"result":null})").id);
  EXPECT_FALSE(parse_as<ControlReply>(R"({"id":"6bd0-uuid","result":null})").id);
  EXPECT_FALSE(parse_as<ControlReply>(R"({"id":1,"result":null,"error":null})").error_code);
  const auto lost =
      parse_as<ControlReply>(R"({"error":{"msg":"Invalid JSON","code":3},"id":null,"status":400})");
  EXPECT_EQ(lost.error_code, 3);
  EXPECT_EQ(lost.error_message, "Invalid JSON");
  const auto bare = parse_as<ControlReply>(R"({"code":4,"msg":"Too many\nstreams"})");
  EXPECT_EQ(bare.error_code, 4);
  EXPECT_EQ(bare.error_message, "Too many streams");
}

TEST(UserStreamParser, ListedSubscriptionsAreSecrets) {
  const auto reply = parse_as<ControlReply>(R"({"result":["key@ACCOUNT_UPDATE","key"],"id":3})");
  ASSERT_TRUE(reply.streams);
  ASSERT_EQ(reply.streams->size(), 2U);
  EXPECT_EQ(reply.streams->front().reveal(), "key@ACCOUNT_UPDATE");
  EXPECT_TRUE(parse_as<ControlReply>(R"({"result":[],"id":3})").streams);
  EXPECT_FALSE(parse_as<ControlReply>(R"({"result":null,"id":3})").streams);
}

TEST(UserStreamParser, NumbersAreReadFromTheirOwnTextWhateverTheirType) {
  const auto update = parse_as<AccountUpdate>(
      R"({"e":"ACCOUNT_UPDATE","E":"1700000000001","T":"1700000000000","a":{"P":[{"s":"X","ps":"BOTH",)"
      R"("pa":1.0E8,"ep":"0.1000000000000000055511151231257827","bep":51078.71370,"cr":-0.0,"iw":7}]}})");
  ASSERT_EQ(update.positions.size(), 1U);
  const PositionChange& position = update.positions.front();
  EXPECT_EQ(position.amount, *Decimal::parse("100000000"));
  EXPECT_EQ(position.entry_price.to_string(), "0.1000000000000000055511151231257827");
  EXPECT_EQ(position.break_even_price->to_string(), "51078.71370");
  EXPECT_EQ(position.isolated_wallet->to_string(), "7");
  EXPECT_EQ(to_ms(update.event_time), 1700000000001);
  EXPECT_EQ(update.reason, "");
}

TEST(UserStreamParser, EmptyAndMissingOptionalFieldsAreAbsent) {
  const auto update = parse_as<AccountUpdate>(update_with_row(
      R"({"s":"牛来USDT","pa":"1","ep":"2","bep":"","cr":null,"iw":"","mt":"","ps":"LONG","new":[{}]})"));
  ASSERT_EQ(update.positions.size(), 1U);
  const PositionChange& position = update.positions.front();
  EXPECT_EQ(position.symbol, "牛来USDT");
  EXPECT_FALSE(position.break_even_price || position.realized_pnl || position.isolated_wallet ||
               position.margin_type);
}

TEST(UserStreamParser, AMarginTypeOfANewNameIsUnknown) {
  const auto update = parse_as<AccountUpdate>(
      update_with_row(R"({"s":"X","pa":"1","ep":"2","ps":"LONG","mt":"hybrid"})"));
  EXPECT_FALSE(update.positions.front().margin_type);
}

TEST(UserStreamParser, EscapesInTextsAreResolved) {
  const auto update = parse_as<AccountUpdate>(
      update_with_row(R"({"s":"\u5e01USDT","pa":"1","ep":"2","ps":"\u004cONG"})"));
  EXPECT_EQ(update.positions.front().symbol, "币USDT");
  EXPECT_EQ(update.positions.front().position_side, PositionSide::long_side);
}

TEST(UserStreamParser, AnAccountUpdateWithoutPositionsChangesNone) {
  constexpr const char* frame =
      R"({"e":"ACCOUNT_UPDATE","E":2,"T":1,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT"}],"S":"X"}})";
  const auto update = parse_as<AccountUpdate>(frame);
  EXPECT_TRUE(update.positions.empty());
  EXPECT_EQ(update.reason, "FUNDING_FEE");
}

TEST(UserStreamParser, AnUnknownPositionSideIsAnErrorAndNoGuess) {
  const auto error = parse_error(update_with_row(R"({"s":"X","pa":"1","ep":"2","ps":"SIDEWAYS"})"));
  EXPECT_EQ(error.kind, Kind::unreadable_field);
  EXPECT_EQ(error.field, "ps");
}

TEST(UserStreamParser, OneBadRowSpoilsTheFrame) {
  const auto error =
      parse_error(update_with_row(std::string{whole_row} + R"(,{"s":"X","ps":"LONG","ep":"1"})"));
  EXPECT_EQ(error.kind, Kind::missing_field);
  EXPECT_EQ(error.field, "pa");
}

TEST(UserStreamParser, EveryRequiredFieldIsMissedByName) {
  const auto original = parse_exactly(update_with_row(whole_row));
  ASSERT_TRUE(original);
  const std::set<std::string> required{"E", "T", "a", "s", "pa", "ep", "ps"};
  std::set<std::string> missed;
  for_each_omission(*original, [&](const ExactJson& changed, const std::string& path) {
    const auto message = parse(write_exactly(changed));
    const std::string field = path.substr(path.rfind('.') + 1);
    if (!required.contains(field)) {
      EXPECT_TRUE(message) << path;
      return;
    }
    ASSERT_FALSE(message) << path;
    EXPECT_EQ(message.error().kind, Kind::missing_field) << path;
    EXPECT_EQ(message.error().field, field);
    missed.insert(field);
  });
  EXPECT_EQ(missed, required);
}

TEST(UserStreamParser, FieldsOfAnotherTypeAreErrors) {
  const auto original = parse_exactly(update_with_row(whole_row));
  ASSERT_TRUE(original);
  const auto as_object = [](const ExactJson&) {
    return ExactJson{ExactJson::Kind::object, "", {{"s", ExactJson::of_text("x")}}, {}};
  };
  const std::set<std::string> ignored{"", "up"};  // "" is the frame itself: then an event unknown
  for_each_replacement(*original, as_object,
                       [&](const ExactJson& changed, const std::string& path) {
                         const std::string field = path.substr(path.rfind('.') + 1);
                         if (ignored.contains(field)) return;
                         if (path == "a") return;  // an object is what belongs there
                         EXPECT_FALSE(parse(write_exactly(changed))) << path;
                       });
}

TEST(UserStreamParser, WrongTextsInFieldsAreErrors) {
  const auto original = parse_exactly(update_with_row(whole_row));
  ASSERT_TRUE(original);
  const auto as_word = [](const ExactJson&) { return ExactJson::of_text("what?"); };
  const std::set<std::string> free_text{"e", "s", "m", "up", "mt"};
  for_each_replacement(*original, as_word, [&](const ExactJson& changed, const std::string& path) {
    const std::string field = path.substr(path.rfind('.') + 1);
    EXPECT_EQ(parse(write_exactly(changed)).has_value(), free_text.contains(field)) << path;
  });
}

TEST(UserStreamParser, AFrameThatBreaksOffIsAnErrorWhereverItDoes) {
  std::vector<std::string> frames{update_with_row(whole_row), R"({"result":["a","b"],"id":3})",
                                  R"({"stream":"k","data":{"e":"listenKeyExpired","E":"1"}})"};
  if (corpus_is_there()) {
    for (const auto& message : corpus({"account_update", "account_config_update", "ws_control",
                                       "listen_key_expired", "order_trade_update"}))
      frames.push_back(message.payload);
  }
  UserStreamParser parser;
  for (const std::string& frame : frames) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const char padding = treacherous_paddings[size % treacherous_paddings.size()];
      const auto message = parser.parse(Frame{frame.substr(0, size), padding}.text());
      ASSERT_FALSE(message) << frame.substr(0, size);
    }
    ASSERT_TRUE(parser.parse(Frame{frame, '}'}.text())) << frame;
  }
}

TEST(UserStreamParser, NoChangedByteDoesHarm) {
  const std::string frame =
      R"({"stream":"k","data":)" + update_with_row(whole_row) + R"(,"id":[1]})";
  constexpr std::string_view bytes{"\0{}[],:\"\\ 0nt\xFF", 14};
  UserStreamParser parser;
  std::size_t error_count = 0;
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (const char byte : bytes) {
      std::string changed = frame;
      changed[at] = byte;
      for (const char padding : treacherous_paddings) {
        const auto message = parser.parse(Frame{changed, padding}.text());
        if (!message) ++error_count;
      }
    }
  }
  EXPECT_GT(error_count, frame.size());
}

TEST(UserStreamParser, WhatIsNoMessageIsAnError) {
  EXPECT_EQ(parse_error("").kind, Kind::malformed);
  EXPECT_EQ(parse_error("   ").kind, Kind::malformed);
  EXPECT_EQ(parse_error("<html></html>").kind, Kind::unexpected_shape);
  EXPECT_EQ(parse_error("[]").kind, Kind::unexpected_shape);
  EXPECT_EQ(parse_error("7").kind, Kind::unexpected_shape);
  EXPECT_EQ(parse_error(R"({"e":"A"}{"e":"B"})").kind, Kind::malformed);
  EXPECT_EQ(parse_error("{\"e\":\"\xC3\x28\"}").kind, Kind::malformed);
  EXPECT_EQ(parse_error(R"({"stream":"k","data":[]})").kind, Kind::unexpected_shape);
  EXPECT_EQ(parse_error(R"({"e":5})").field, "e");
}

TEST(UserStreamParser, AMessageWithoutANameIsAnotherEvent) {
  EXPECT_EQ(parse_as<OtherEvent>("{}").name, "");
  EXPECT_EQ(parse_as<OtherEvent>(R"({"foo":{"e":"x"}})").name, "");
  EXPECT_EQ(parse_as<OtherEvent>(R"({"event":{"e":"serverShutdown","E":5}})").name,
            "serverShutdown");
}

TEST(UserStreamParser, NoErrorRepeatsTheFrame) {
  constexpr std::string_view secret = "pqia91ma19a5s61cv6a81va65sdf19v8";
  const std::string frame =
      R"({"e":"listenKeyExpired","E":"soon","listenKey":")" + std::string{secret} + R"(","T":1})";
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    const auto message = parse(frame.substr(0, size));
    ASSERT_FALSE(message);
    EXPECT_THAT(to_string(message.error()), testing::Not(testing::HasSubstr(secret.substr(0, 4))));
  }
}

}  // namespace
}  // namespace bridge::test
