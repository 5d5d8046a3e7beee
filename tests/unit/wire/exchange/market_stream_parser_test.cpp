#include "bridge/wire/exchange/market_stream_parser.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "tests/unit/wire/allocation_count.hpp"
#include "tests/unit/wire/corpus.hpp"
#include "tests/unit/wire/decimal_matchers.hpp"
#include "tests/unit/wire/exchange/frames.hpp"

namespace bridge::test {
namespace {

using Kind = ParseError::Kind;

constexpr const char* whole_tick =
    R"({"e":"markPriceUpdate","E":1790526539001,"s":"BTCUSDT","p":"84551.10762319","ap":"1",)"
    R"("P":"2","i":"84590.87304348","r":"-0.00000801","T":1790553600000,"st":1})";

// Keeps what the views of the result point to.
class MarketStream : public testing::Test {
 protected:
  Result<MarketMessage, ParseError> parse(std::string_view json, char padding = '\0') {
    frame_.emplace(json, padding);
    return parser_.parse(frame_->text());
  }

  MarkPriceTicks ticks(std::string_view json) {
    const auto message = parse(json);
    if (!message) {
      ADD_FAILURE() << to_string(message.error()) << " in " << json;
      return {};
    }
    const auto* found = std::get_if<MarkPriceTicks>(&*message);
    if (found == nullptr) {
      ADD_FAILURE() << "read as alternative " << message->index() << ": " << json;
      return {};
    }
    return *found;
  }

  MarkPriceTick only_tick(std::string_view json) {
    const MarkPriceTicks found = ticks(json);
    EXPECT_EQ(found.ticks.size(), 1U);
    EXPECT_EQ(found.rows_failed, 0U);
    return found.ticks.empty() ? MarkPriceTick{} : found.ticks.front();
  }

  ParseError error(std::string_view json) {
    const auto message = parse(json);
    EXPECT_FALSE(message) << json;
    return message ? ParseError{} : message.error();
  }

 private:
  MarketStreamParser parser_;
  std::optional<Frame> frame_;
};

std::vector<const ExactJson*> rows_of(const ExactJson& value) {
  const ExactJson* data = value.find("data");
  const ExactJson& content = data == nullptr ? value : *data;
  if (content.kind == ExactJson::Kind::object) return {&content};
  std::vector<const ExactJson*> rows;
  for (const ExactJson& element : content.elements) rows.push_back(&element);
  return rows;
}

void expect_same_tick(const MarkPriceTick& read, const ExactJson& sent, const std::string& where) {
  EXPECT_EQ(read.symbol, sent.at("s").text) << where;
  EXPECT_EQ(std::to_string(to_ms(read.event_time)), sent.at("E").text) << where;
  expect_same_number(read.mark_price, sent.at("p"), where + " p");
  expect_same_number(read.index_price, sent.find("i"), where + " i");
  const bool has_funding = sent.at("T").text != "0";
  ASSERT_EQ(read.next_funding_time.has_value(), has_funding) << where;
  if (has_funding) {
    EXPECT_EQ(std::to_string(to_ms(*read.next_funding_time)), sent.at("T").text) << where;
    expect_same_number(read.funding_rate, sent.find("r"), where + " r");
  } else {
    EXPECT_FALSE(read.funding_rate) << where << " is dated";
  }
  const ExactJson* family = sent.find("st");
  const auto expected = family == nullptr     ? SymbolFamily::unknown
                        : family->text == "2" ? SymbolFamily::coin_margined
                                              : SymbolFamily::usd_margined;
  EXPECT_EQ(read.family, expected) << where;
}

TEST_F(MarketStream, EveryRealMarkPriceIsReadExactly) {
  SKIP_WITHOUT_CORPUS();
  std::size_t row_count = 0;
  for (const auto& message : corpus({"mark_price", "mark_price_combined", "mark_price_arr"})) {
    const auto sent = rows_of(message.value);
    const MarkPriceTicks read = ticks(message.payload);
    EXPECT_EQ(read.rows_failed, 0U) << message.name();
    ASSERT_EQ(read.ticks.size(), sent.size()) << message.name();
    for (std::size_t i = 0; i < sent.size(); ++i)
      expect_same_tick(read.ticks[i], *sent[i], message.name());
    row_count += sent.size();
  }
  EXPECT_GE(row_count, 30U);
}

TEST_F(MarketStream, RealMarkPricesReadTheSameInEveryWrapping) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus({"mark_price", "mark_price_combined", "mark_price_arr"})) {
    for (const ExactJson* sent : rows_of(message.value)) {
      const std::string row = write_exactly(with_reversed_members(*sent));
      const std::string in_list = std::string{"["} + row + "," + write_exactly(*sent) + "]";
      for (const std::string& frame : {row, std::string{R"({"stream":"x","data":)"} + row + "}",
                                       std::string{R"({"data":)"} + row + R"(,"stream":"x"})"})
        expect_same_tick(only_tick(frame), *sent, frame);
      for (const std::string& frame :
           {in_list, std::string{R"({"data":)"} + in_list + R"(,"stream":"x"})"}) {
        const MarkPriceTicks read = ticks(frame);
        ASSERT_EQ(read.ticks.size(), 2U);
        expect_same_tick(read.ticks[0], *sent, frame);
        expect_same_tick(read.ticks[1], *sent, frame);
      }
    }
  }
}

TEST_F(MarketStream, EveryOtherRealEventIsNamed) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("other_market_event")) {
    const auto read = parse(message.payload);
    ASSERT_TRUE(read) << message.name();
    const auto* event = std::get_if<OtherEvent>(&*read);
    ASSERT_NE(event, nullptr) << message.name();
    EXPECT_EQ(event->name, rows_of(message.value).front()->at("e").text);
    EXPECT_TRUE(event->event_time);
  }
}

TEST_F(MarketStream, EveryRealControlReplyIsRecognised) {
  SKIP_WITHOUT_CORPUS();
  for (const auto& message : corpus("ws_control")) {
    if (message.value.find("method") != nullptr) continue;
    const auto read = parse(message.payload);
    ASSERT_TRUE(read) << message.name();
    EXPECT_TRUE(std::holds_alternative<ControlReply>(*read)) << message.name();
  }
}

TEST_F(MarketStream, ListedSubscriptionsAreRead) {
  const auto read = parse(R"({"id":12,"result":["btcusdt@markPrice@1s","牛来usdt@markPrice@1s"]})");
  ASSERT_TRUE(read);
  const auto& reply = std::get<ControlReply>(*read);
  EXPECT_EQ(reply.id, 12U);
  ASSERT_TRUE(reply.streams);
  ASSERT_EQ(reply.streams->size(), 2U);
  EXPECT_EQ((*reply.streams)[1].reveal(), "牛来usdt@markPrice@1s");
}

TEST_F(MarketStream, ABadRowCostsOnlyItself) {
  const std::string frame = std::string{"["} + whole_tick +
                            R"(,{"e":"markPriceUpdate","E":1,"s":"BADUSDT","p":"x"},null,[],7,)"
                            R"({"e":"markPriceUpdate","E":1,"s":"WORSE","p":"0.0"},)" +
                            whole_tick + "]";
  const MarkPriceTicks read = ticks(frame);
  EXPECT_EQ(read.ticks.size(), 2U);
  EXPECT_EQ(read.rows_failed, 5U);
  ASSERT_TRUE(read.first_error);
  EXPECT_EQ(read.first_error->kind, Kind::unreadable_field);
  EXPECT_EQ(read.first_error->field, "p");
}

TEST_F(MarketStream, ZeroIsNoMarkPrice) {
  for (const char* price : {"\"0\"", "\"0.00000000\"", "0", "\"-1\""}) {
    const ParseError zero =
        error(R"({"e":"markPriceUpdate","E":1,"s":"X","p":)" + std::string{price} + "}");
    EXPECT_EQ(zero.kind, Kind::out_of_range) << price;
    EXPECT_EQ(zero.field, "p");
  }
}

TEST_F(MarketStream, ZeroIsNoIndexPrice) {
  EXPECT_FALSE(
      only_tick(R"({"e":"markPriceUpdate","E":1,"s":"X","p":"1","i":"0.00000000"})").index_price);
}

TEST_F(MarketStream, OptionalFieldsMayBeMissingEmptyOrNull) {
  for (const char* rest : {"", R"(,"i":"","r":"","T":"","st":"")",
                           R"(,"i":null,"r":null,"T":null,"st":null)", R"(,"T":0)"}) {
    const MarkPriceTick tick =
        only_tick(R"({"e":"markPriceUpdate","E":1,"s":"X","p":"1")" + std::string{rest} + "}");
    EXPECT_FALSE(tick.index_price || tick.funding_rate || tick.next_funding_time) << rest;
    EXPECT_EQ(tick.family, SymbolFamily::unknown);
  }
}

TEST_F(MarketStream, AFundingRateOfZeroCountsWhereThereIsFunding) {
  const MarkPriceTick tick =
      only_tick(R"({"e":"markPriceUpdate","E":1,"s":"X","p":"1","r":"0.00000000","T":5})");
  ASSERT_TRUE(tick.funding_rate);
  EXPECT_EQ(tick.funding_rate->to_string(), "0.00000000");
}

TEST_F(MarketStream, NumbersAndStringsAreInterchangeable) {
  const MarkPriceTick tick = only_tick(
      R"({"e":"markPriceUpdate","E":"1790526539001","s":"X","p":0.1000000000000000055511,"i":1.0E8,)"
      R"("T":"5","st":"2"})");
  EXPECT_EQ(to_ms(tick.event_time), 1790526539001);
  EXPECT_EQ(tick.mark_price.to_string(), "0.1000000000000000055511");
  EXPECT_EQ(*tick.index_price, *Decimal::parse("100000000"));
  EXPECT_EQ(tick.family, SymbolFamily::coin_margined);
}

TEST_F(MarketStream, EveryRequiredFieldIsMissedByName) {
  const auto original = parse_exactly(whole_tick);
  ASSERT_TRUE(original);
  const std::set<std::string> required{"E", "s", "p"};
  for_each_omission(*original, [&](const ExactJson& changed, const std::string& field) {
    const auto message = parse(write_exactly(changed));
    if (required.contains(field)) {
      ASSERT_FALSE(message) << field;
      EXPECT_EQ(message.error().kind, Kind::missing_field);
      EXPECT_EQ(message.error().field, field);
    } else {
      ASSERT_TRUE(message) << field;
      // Without `e` nobody knows what it is.
      EXPECT_EQ(std::holds_alternative<OtherEvent>(*message), field == "e") << field;
    }
  });
}

TEST_F(MarketStream, FieldsOfAnotherTypeAreErrors) {
  const auto original = parse_exactly(whole_tick);
  ASSERT_TRUE(original);
  const auto as_list = [](const ExactJson&) {
    return ExactJson{ExactJson::Kind::list, "", {}, {ExactJson::of_text("1")}};
  };
  const std::set<std::string> ignored{"ap", "P", "st"};
  for_each_replacement(*original, as_list, [&](const ExactJson& changed, const std::string& path) {
    const std::string frame = write_exactly(changed);
    if (path.empty()) {  // then it is a list of something that is no update
      EXPECT_EQ(ticks(frame).rows_failed, 1U);
    } else {
      EXPECT_EQ(parse(frame).has_value(), ignored.contains(path)) << path;
    }
  });
}

TEST_F(MarketStream, AFrameThatBreaksOffIsAnErrorWhereverItDoes) {
  std::vector<std::string> frames{whole_tick,
                                  std::string{"["} + whole_tick + "," + whole_tick + "]",
                                  R"({"stream":"s","data":[)" + std::string{whole_tick} + "]}"};
  if (corpus_is_there()) {
    for (const auto& message : corpus({"mark_price", "mark_price_combined", "mark_price_arr"}))
      frames.push_back(message.payload);
  }
  for (const std::string& frame : frames) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const char padding = treacherous_paddings[size % treacherous_paddings.size()];
      ASSERT_FALSE(parse(frame.substr(0, size), padding)) << frame.substr(0, size);
    }
    ASSERT_TRUE(parse(frame, ']')) << frame;
  }
}

TEST_F(MarketStream, NoChangedByteDoesHarm) {
  constexpr std::string_view bytes{"\0{}[],:\"\\ 0nt\xFF", 14};
  const std::string tick = whole_tick;
  std::size_t error_count = 0;
  for (const std::string& frame :
       {std::string{"["} + tick + "]", std::string{R"({"stream":"s","data":)"} + tick + "}"}) {
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (const char byte : bytes) {
        std::string changed = frame;
        changed[at] = byte;
        for (const char padding : treacherous_paddings) {
          if (!parse(changed, padding)) ++error_count;
        }
      }
    }
  }
  EXPECT_GT(error_count, 1000U);
}

TEST_F(MarketStream, ALargeArrayIsReadWholeAndAgain) {
  std::string frame = R"({"stream":"!markPrice@arr@1s","data":[)";
  for (int i = 0; i < 745; ++i) frame.append(i == 0 ? "" : ",").append(whole_tick);
  frame += "]}";
  EXPECT_EQ(ticks(frame).ticks.size(), 745U);
  EXPECT_EQ(ticks(whole_tick).ticks.size(), 1U);
  EXPECT_EQ(ticks(frame).ticks.size(), 745U);
  EXPECT_EQ(ticks("[]").ticks.size(), 0U);
}

TEST_F(MarketStream, NothingIsAllocatedForAFrameLikeTheOneBefore) {
  const std::string list =
      std::string{R"({"stream":"s","data":[)"} + whole_tick + "," + whole_tick + "]}";
  const Frame single{whole_tick};
  const Frame several{list};
  MarketStreamParser parser;
  ASSERT_TRUE(parser.parse(several.text()));
  const std::size_t before = allocation_count();
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(parser.parse(single.text()));
    ASSERT_TRUE(parser.parse(several.text()));
  }
  EXPECT_EQ(allocation_count(), before);
}

TEST_F(MarketStream, WhatIsNoMessageIsAnError) {
  EXPECT_EQ(error("").kind, Kind::malformed);
  EXPECT_EQ(error("\"text\"").kind, Kind::unexpected_shape);
  EXPECT_EQ(error(R"({"data":7})").kind, Kind::unexpected_shape);
  EXPECT_EQ(error(R"([{"e":"x"}]])").kind, Kind::malformed);
  EXPECT_EQ(error(R"([{"e":"x"}] [])").kind, Kind::malformed);
}

}  // namespace
}  // namespace bridge::test
