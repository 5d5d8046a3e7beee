#include "bridge/wire/bus/position_update_encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <msgpack.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/wire/allocation_count.hpp"
#include "tests/unit/wire/bus/sample_updates.hpp"

namespace bridge::test {
namespace {

const BusIdentity identity{"desk-1", us(1'790'000'000'000'001)};
constexpr WallTime published = WallTime{Duration{1'790'526'539'050'456}};

// A reference: the message as msgpack-cxx packs it, key by key as the contract lists them.
class ReferenceMessage {
 public:
  ReferenceMessage& text(const char* key, const std::string& value) {
    packer_.pack(key).pack(value);
    return *this;
  }
  ReferenceMessage& number(const char* key, std::uint64_t value) {
    packer_.pack(key).pack(value);
    return *this;
  }
  ReferenceMessage& nil(const char* key) {
    packer_.pack(key).pack_nil();
    return *this;
  }
  ReferenceMessage& time(const char* key, const std::optional<WallTime>& value) {
    if (!value) return nil(key);
    packer_.pack(key).pack(static_cast<std::int64_t>(to_us(*value)));
    return *this;
  }
  ReferenceMessage& decimal(const char* key, const std::optional<Decimal>& value) {
    return value ? text(key, value->to_string()) : nil(key);
  }
  std::string bytes() const { return {buffer_.data(), buffer_.size()}; }

  ReferenceMessage() { packer_.pack_map(31); }

 private:
  msgpack::sbuffer buffer_;
  msgpack::packer<msgpack::sbuffer> packer_{buffer_};
};

std::string reference(const PositionUpdate& update) {
  const Position& position = update.position;
  const auto mark = update.mark_price == nullptr ? std::optional<MarkPrice>{} : *update.mark_price;
  const auto size = position.is_open() ? position.amount.absolute().to_string() : "0";
  ReferenceMessage message;
  message.number("v", 1).text("type", "position.update").text("instance", identity.instance);
  message.time("epoch", identity.epoch).text("account", update.account.name);
  message.text("venue", std::string{to_string(update.account.venue)});
  message.text("symbol", std::string{update.symbol});
  message.text("position_side", std::string{to_string(update.position_side)});
  message.text("side", std::string{to_string(position.side())}).text("size", size);
  message.decimal("entry_price", position.entry_price);
  message.decimal("break_even_price", position.break_even_price);
  message.decimal("mark_price", mark ? std::optional{mark->mark_price} : std::nullopt);
  message.decimal("index_price", mark ? mark->index_price : std::nullopt);
  message.decimal("unrealized_pnl", update.unrealized_pnl);
  message.decimal("realized_pnl", position.realized_pnl);
  message.decimal("notional", update.notional);
  position.margin_type ? message.text("margin_type", std::string{to_string(*position.margin_type)})
                       : message.nil("margin_type");
  message.decimal("isolated_wallet", position.isolated_wallet);
  position.leverage ? message.number("leverage", *position.leverage) : message.nil("leverage");
  message.decimal("funding_rate", mark ? mark->funding_rate : std::nullopt);
  message.time("next_funding_time_us", mark ? mark->next_funding_time : std::nullopt);
  message.text("state", std::string{to_string(update.state)});
  message.text("trigger", std::string{to_string(update.trigger)});
  update.account_reason.empty()
      ? message.nil("account_reason")
      : message.text("account_reason", std::string{update.account_reason});
  message.time("position_time_us", position.changed_at);
  message.time("mark_time_us", mark ? std::optional{mark->event_time} : std::nullopt);
  message.time("received_us", update.received).time("published_us", published);
  message.number("account_seq", update.account_seq).number("seq", update.seq);
  return message.bytes();
}

std::string encoded(PositionUpdateEncoder& encoder, const SampleUpdate& sample) {
  const PositionUpdate update = sample.update();
  std::vector<char> memory(encoder.size_max(update));
  const std::size_t size = encoder.encode(update, published, memory);
  EXPECT_LE(size, memory.size());
  return {memory.data(), size};
}

TEST(PositionUpdateEncoder, BytesAreThoseOfMsgpackCxx) {
  PositionUpdateEncoder encoder{identity};
  const SampleUpdate sample;
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
}

TEST(PositionUpdateEncoder, AnIndependentDecoderReadsEveryKeyInOrder) {
  PositionUpdateEncoder encoder{identity};
  const SampleUpdate sample;
  const auto read = nlohmann::ordered_json::from_msgpack(encoded(encoder, sample));
  EXPECT_EQ(
      read.dump(),
      R"({"v":1,"type":"position.update","instance":"desk-1","epoch":1790000000000001,)"
      R"("account":"main","venue":"binance-usdm","symbol":"BTCUSDT","position_side":"SHORT",)"
      R"("side":"SHORT","size":"0.020","entry_price":"50000.10","break_even_price":"49990.5",)"
      R"("mark_price":"84551.10762319","index_price":"84590.87304348",)"
      R"("unrealized_pnl":"-691.0201524638","realized_pnl":"-7.25","notional":"-1691.0221524638",)"
      R"("margin_type":"cross","isolated_wallet":"0","leverage":20,"funding_rate":"-0.00000801",)"
      R"("next_funding_time_us":1790553600000000,"state":"live","trigger":"account_update",)"
      R"("account_reason":"ORDER","position_time_us":1700000000000000,)"
      R"("mark_time_us":1790526539001000,"received_us":1790526539050123,)"
      R"("published_us":1790526539050456,"account_seq":300,"seq":70000})");
}

TEST(PositionUpdateEncoder, WhatIsUnknownIsNilAndNeverZero) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  sample.position = Position{decimal("1"), decimal("2"), {}, {}, {}, {}, {}, {}};
  sample.mark.reset();
  sample.unrealized_pnl.reset();
  sample.notional.reset();
  sample.reason.clear();
  const auto read = nlohmann::json::from_msgpack(encoded(encoder, sample));
  EXPECT_EQ(read.size(), 31U);
  for (const char* key :
       {"break_even_price", "mark_price", "index_price", "unrealized_pnl", "realized_pnl",
        "notional", "margin_type", "isolated_wallet", "leverage", "funding_rate",
        "next_funding_time_us", "account_reason", "position_time_us", "mark_time_us"}) {
    ASSERT_TRUE(read.contains(key)) << key;
    EXPECT_TRUE(read[key].is_null()) << key;
  }
}

TEST(PositionUpdateEncoder, AClosedPositionIsFlatWithSizeZeroHoweverItsAmountIsWritten) {
  for (const char* amount : {"0", "0.000", "-0.0"}) {
    PositionUpdateEncoder encoder{identity};
    SampleUpdate sample;
    sample.position.amount = decimal(amount);
    const auto read = nlohmann::json::from_msgpack(encoded(encoder, sample));
    EXPECT_EQ(read["side"], "FLAT");
    EXPECT_EQ(read["size"], "0") << amount;
  }
}

TEST(PositionUpdateEncoder, TopicsNameAccountSymbolAndSide) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  EXPECT_EQ(encoder.topic(sample.update()), "position.update.main.BTCUSDT.SHORT");
  sample.topic = 5;
  sample.symbol = "牛来USDT";
  sample.position_side = PositionSide::both;
  EXPECT_EQ(encoder.topic(sample.update()), "position.update.main.牛来USDT.BOTH");
}

TEST(PositionUpdateEncoder, APriceAloneDoesNotNeedANewRevision) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  encoded(encoder, sample);
  sample.mark->mark_price = decimal("1.5");
  sample.unrealized_pnl = decimal("7");
  sample.seq = 70'001;
  sample.reason.clear();
  sample.trigger = Trigger::mark_price;
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
}

TEST(PositionUpdateEncoder, AnotherAccountOrSymbolUnderTheSameNumberIsNoticed) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  encoded(encoder, sample);
  sample.account.name = "hedge";
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
  sample.account.venue = Venue::binance_pm_um;
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
  sample.symbol = "ETHUSDT";
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
  sample.position_side = PositionSide::long_side;
  EXPECT_EQ(encoded(encoder, sample), reference(sample.update()));
  EXPECT_EQ(encoder.topic(sample.update()), "position.update.hedge.ETHUSDT.LONG");
}

// A random history of many positions: what was kept must never show in what is published.
TEST(PositionUpdateEncoder, KeptBytesNeverDifferFromFreshOnes) {
  std::mt19937_64 random{2026};
  const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
  const auto any_decimal = [&]() -> std::optional<Decimal> {
    if (chance(4)) return std::nullopt;
    const auto coefficient = static_cast<std::int64_t>(random() >> (random() % 64));
    return Decimal::from_parts(coefficient, static_cast<int>(random() % 39));
  };
  const auto any_time = [&]() -> std::optional<WallTime> {
    if (chance(4)) return std::nullopt;
    return us(static_cast<std::int64_t>(random() >> (8 + random() % 50)));
  };
  std::vector<SampleUpdate> samples(20);
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    samples[i].topic = i * 3;
    samples[i].symbol.append(std::to_string(i));
  }
  PositionUpdateEncoder keeping{identity};
  for (int step = 0; step < 5000; ++step) {
    SampleUpdate& sample = samples[random() % samples.size()];
    if (chance(3)) {
      ++sample.revision;
      sample.position = {any_decimal().value_or(Decimal{}),
                         any_decimal().value_or(Decimal{}),
                         any_decimal(),
                         any_decimal(),
                         any_decimal(),
                         MarginType::isolated,
                         static_cast<std::uint32_t>(random()),
                         any_time()};
      if (chance(2)) sample.position.margin_type.reset();
    }
    sample.mark = MarkPrice{any_decimal().value_or(Decimal{}), any_decimal(), any_decimal(),
                            any_time(), any_time().value_or(WallTime{})};
    if (chance(5)) sample.mark.reset();
    sample.unrealized_pnl = any_decimal();
    sample.notional = any_decimal();
    sample.reason.assign(random() % 100, 'R');
    sample.seq = random() >> (random() % 64);
    PositionUpdateEncoder fresh{identity};
    const std::string bytes = encoded(keeping, sample);
    ASSERT_EQ(bytes, encoded(fresh, sample));
    ASSERT_EQ(bytes, reference(sample.update()));
    ASSERT_EQ(bytes, keeping.encode(sample.update(), published));
  }
}

TEST(PositionUpdateEncoder, NothingIsAllocatedForAPriceAlone) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  const std::string first{encoder.encode(sample.update(), published)};
  std::vector<char> memory(encoder.size_max(sample.update()) + 100);
  const std::size_t before = allocation_count();
  for (int round = 0; round < 100; ++round) {
    sample.mark->mark_price = Decimal{round};
    encoder.encode(sample.update(), published);
    encoder.encode(sample.update(), published, memory);
    encoder.topic(sample.update());
  }
  EXPECT_EQ(allocation_count(), before);
}

TEST(PositionUpdateEncoder, TextsThatAreNoUtf8AreRepairedEverywhere) {
  PositionUpdateEncoder encoder{{"i\xFF", us(1)}};
  SampleUpdate sample;
  sample.account.name = "a\xC3";
  sample.symbol = "s\xED\xA0\x80";
  sample.reason = std::string(300, '\xFE');
  const auto read = nlohmann::json::from_msgpack(encoded(encoder, sample));
  EXPECT_EQ(read["instance"], "i\uFFFD");
  EXPECT_EQ(read["account"], "a\uFFFD");
  EXPECT_EQ(read["symbol"], "s\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(read["account_reason"].get<std::string>().size(), 900U);
  EXPECT_NO_THROW(read.dump());
}

}  // namespace
}  // namespace bridge::test
