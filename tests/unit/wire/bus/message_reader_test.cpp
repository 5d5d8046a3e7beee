#include "bridge/wire/bus/message_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "bridge/wire/bus/bus_messages.hpp"
#include "tests/unit/wire/bus/sample_updates.hpp"

namespace bridge::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

const BusIdentity identity{"desk-1", us(1'790'000'000'000'001)};
const AccountIdentity account{"main", Venue::binance_usdm};
constexpr WallTime published = WallTime{Duration{1'790'526'539'050'456}};

std::string sample_message() {
  PositionUpdateEncoder encoder{identity};
  const SampleUpdate sample;
  return std::string{encoder.encode(sample.update(), published)};
}

template <class T>
T read_as(std::string_view payload) {
  const auto message = read_message(payload);
  if (!message) {
    ADD_FAILURE() << message.error().what;
    return {};
  }
  const T* expected = std::get_if<T>(&*message);
  EXPECT_NE(expected, nullptr);
  return expected == nullptr ? T{} : *expected;
}

std::string error_of(const OrderedJson& value) {
  const auto bytes = OrderedJson::to_msgpack(value);
  const auto message = read_message({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return message ? "" : message.error().what;
}

TEST(MessageReader, APositionUpdateComesBackAsItWas) {
  const auto position = read_as<ReceivedPosition>(sample_message());
  EXPECT_EQ(position.instance, "desk-1");
  EXPECT_EQ(position.epoch, identity.epoch);
  EXPECT_EQ(position.account, "main");
  EXPECT_EQ(position.venue, "binance-usdm");
  EXPECT_EQ(position.symbol, "BTCUSDT");
  EXPECT_EQ(position.position_side, "SHORT");
  EXPECT_EQ(position.side, "SHORT");
  EXPECT_EQ(position.size.to_string(), "0.020");
  EXPECT_EQ(position.entry_price.to_string(), "50000.10");
  EXPECT_EQ(position.mark_price->to_string(), "84551.10762319");
  EXPECT_EQ(position.unrealized_pnl->to_string(), "-691.0201524638");
  EXPECT_EQ(position.notional->to_string(), "-1691.0221524638");
  EXPECT_EQ(position.leverage, 20U);
  EXPECT_EQ(position.state, "live");
  EXPECT_EQ(position.trigger, "account_update");
  EXPECT_EQ(position.mark_time, us(1'790'526'539'001'000));
  EXPECT_EQ(position.received, us(1'790'526'539'050'123));
  EXPECT_EQ(position.published, published);
  EXPECT_EQ(position.account_seq, 300U);
  EXPECT_EQ(position.seq, 70'000U);
  EXPECT_FALSE(position.is_flat());
}

TEST(MessageReader, APositionWithoutAPriceHasNone) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate sample;
  sample.mark.reset();
  sample.unrealized_pnl.reset();
  sample.notional.reset();
  sample.position.leverage.reset();
  sample.position.amount = Decimal{};
  const auto position = read_as<ReceivedPosition>(encoder.encode(sample.update(), published));
  EXPECT_FALSE(position.mark_price || position.unrealized_pnl || position.notional ||
               position.leverage || position.mark_time);
  EXPECT_TRUE(position.is_flat());
}

TEST(MessageReader, TheOtherMessagesComeBackAsTheyWere) {
  const AccountStatus sent{.account = account,
                           .state = AccountState::live,
                           .running = true,
                           .user_connected = true,
                           .mark_connected = true,
                           .active_positions = 3,
                           .subscribed_symbols = 2,
                           .detail = "fine",
                           .since = us(5),
                           .account_seq = 9};
  const auto status = read_as<ReceivedStatus>(encode_account_status(identity, sent, published));
  EXPECT_EQ(status.account, "main");
  EXPECT_EQ(status.state, "live");
  EXPECT_TRUE(status.running && status.user_connected && status.mark_connected && status.connected);
  EXPECT_EQ(status.active_positions, 3U);
  EXPECT_EQ(status.subscribed_symbols, 2U);
  EXPECT_EQ(status.detail, "fine");
  EXPECT_EQ(status.since, us(5));
  EXPECT_EQ(status.account_seq, 9U);

  const std::vector<AccountSequence> accounts{{"main", 7}, {"hedge", 8}};
  const auto heartbeat =
      read_as<ReceivedHeartbeat>(encode_heartbeat(identity, "0.1.0", accounts, published));
  EXPECT_EQ(heartbeat.version, "0.1.0");
  ASSERT_EQ(heartbeat.accounts.size(), 2U);
  EXPECT_EQ(heartbeat.accounts[1].account, "hedge");
  EXPECT_EQ(heartbeat.accounts[1].account_seq, 8U);

  EXPECT_EQ(read_as<ReceivedShutdown>(encode_shutdown(identity, published)).published, published);
}

TEST(MessageReader, ASnapshotTellsFlatFromUnknown) {
  PositionUpdateEncoder encoder{identity};
  const SampleUpdate sample;
  const std::vector<PositionUpdate> one{sample.update()};
  const std::vector<PositionUpdate> none;
  const auto read = [&](std::optional<std::span<const PositionUpdate>> positions) {
    return read_as<ReceivedSnapshot>(
        encode_snapshot(encoder, {account, "all", AccountState::live, 12, positions}, published)
            .at(0));
  };
  EXPECT_FALSE(read(std::nullopt).positions);
  ASSERT_TRUE(read(none).positions);
  EXPECT_TRUE(read(none).positions->empty());
  const ReceivedSnapshot snapshot = read(one);
  ASSERT_EQ(snapshot.positions->size(), 1U);
  EXPECT_EQ(snapshot.positions->front().symbol, "BTCUSDT");
  EXPECT_EQ(snapshot.scope, "all");
  EXPECT_EQ(snapshot.account_seq, 12U);
  EXPECT_EQ(snapshot.part, 1U);
  EXPECT_EQ(snapshot.parts, 1U);
}

TEST(MessageReader, UnknownKeysAndTypesArePassedOver) {
  OrderedJson value = OrderedJson::from_msgpack(sample_message());
  value["new_key"] = {1, 2, {{"deep", nullptr}}};
  EXPECT_EQ(error_of(value), "");
  const auto other = OrderedJson::to_msgpack({{"v", 1}, {"type", "bridge.news"}});
  EXPECT_EQ(
      read_as<ReceivedOther>({reinterpret_cast<const char*>(other.data()), other.size()}).type,
      "bridge.news");
}

TEST(MessageReader, AnotherVersionIsRefused) {
  OrderedJson value = OrderedJson::from_msgpack(sample_message());
  value["v"] = 2;
  EXPECT_THAT(error_of(value), testing::HasSubstr("version 2"));
}

TEST(MessageReader, MissingAndMistypedKeysAreNamed) {
  const OrderedJson whole = OrderedJson::from_msgpack(sample_message());
  const std::set<std::string> not_read{
      "break_even_price",     "index_price",     "realized_pnl",
      "margin_type",          "isolated_wallet", "funding_rate",
      "next_funding_time_us", "account_reason",  "position_time_us"};
  for (const auto& [key, sent] : whole.items()) {
    OrderedJson without = whole;
    without.erase(key);
    OrderedJson mistyped = whole;
    mistyped[key] = OrderedJson::array();
    for (const std::string& error : {error_of(without), error_of(mistyped)}) {
      EXPECT_EQ(error.empty(), not_read.contains(key)) << key;
      if (!error.empty()) {
        EXPECT_THAT(error, testing::HasSubstr("key " + key + " "));
      }
    }
  }
}

TEST(MessageReader, NoDamagedMessageDoesHarm) {
  const std::string whole = sample_message();
  std::size_t error_count = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    EXPECT_FALSE(read_message(whole.substr(0, at)));
    for (int byte = 0; byte < 256; byte += 5) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      if (!read_message(changed)) ++error_count;
    }
  }
  EXPECT_GT(error_count, whole.size());
}

}  // namespace
}  // namespace bridge::test
