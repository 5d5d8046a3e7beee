#include "bridge/wire/bus/bus_messages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/wire/bus/sample_updates.hpp"

namespace bridge::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

const BusIdentity identity{"desk-1", us(1'790'000'000'000'001)};
const AccountIdentity account{"main", Venue::binance_usdm};
constexpr WallTime published = WallTime{Duration{1'790'526'539'050'456}};

TEST(BusMessages, AccountStatusHasEveryKeyInOrder) {
  const AccountStatus status{.account = account,
                             .state = AccountState::stale,
                             .running = true,
                             .user_connected = true,
                             .mark_connected = false,
                             .active_positions = 3,
                             .subscribed_symbols = 2,
                             .detail = "the mark prices are gone",
                             .since = us(5),
                             .evidence = StreamEvidence::listed,
                             .confirmed = us(4),
                             .account_seq = 9};
  EXPECT_EQ(
      OrderedJson::from_msgpack(encode_account_status(identity, status, published)).dump(),
      R"({"v":1,"type":"account.status","instance":"desk-1","epoch":1790000000000001,)"
      R"("account":"main","venue":"binance-usdm","state":"stale","running":true,)"
      R"("user_connected":true,"mark_connected":false,"connected":false,"active_positions":3,)"
      R"("subscribed_symbols":2,"detail":"the mark prices are gone","since_us":5,)"
      R"("evidence":"listed","confirmed_us":4,)"
      R"("published_us":1790526539050456,"account_seq":9})");
}

TEST(BusMessages, AnAccountIsConnectedWhenBothStreamsAre) {
  AccountStatus status{.account = account, .detail = {}, .since = {}};
  status.user_connected = status.mark_connected = true;
  const auto read = OrderedJson::from_msgpack(encode_account_status(identity, status, published));
  EXPECT_EQ(read["connected"], true);
  EXPECT_EQ(read["detail"], "");
  EXPECT_EQ(read["evidence"], "connected");
  EXPECT_TRUE(read["confirmed_us"].is_null()) << "nothing was read over REST yet";
}

TEST(BusMessages, AHeartbeatTellsTheLastNumberOfEachAccount) {
  const std::vector<AccountSequence> accounts{{"main", 7}, {"hedge", 1'000'000'000'000}};
  EXPECT_EQ(
      OrderedJson::from_msgpack(encode_heartbeat(identity, "0.1.0", accounts, published)).dump(),
      R"({"v":1,"type":"bridge.heartbeat","instance":"desk-1","epoch":1790000000000001,)"
      R"("version":"0.1.0","published_us":1790526539050456,)"
      R"("accounts":{"main":7,"hedge":1000000000000}})");
  const auto read = OrderedJson::from_msgpack(encode_heartbeat(identity, "", {}, published));
  EXPECT_TRUE(read["accounts"].is_object());
}

TEST(BusMessages, AShutdownSaysWhoStops) {
  EXPECT_EQ(OrderedJson::from_msgpack(encode_shutdown(identity, published)).dump(),
            R"({"v":1,"type":"bridge.shutdown","instance":"desk-1","epoch":1790000000000001,)"
            R"("published_us":1790526539050456})");
}

TEST(BusMessages, ASnapshotOfAnUnconfirmedAccountHasNoPositions) {
  PositionUpdateEncoder encoder{identity};
  const auto messages = encode_snapshot(
      encoder, {account, "all", AccountState::syncing, 12, std::nullopt}, published);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(
      OrderedJson::from_msgpack(messages[0]).dump(),
      R"({"v":1,"type":"position.snapshot","instance":"desk-1","epoch":1790000000000001,)"
      R"("scope":"all","account":"main","state":"syncing","account_seq":12,"part":1,"parts":1,)"
      R"("published_us":1790526539050456,"positions":null})");
}

TEST(BusMessages, ASnapshotOfAFlatAccountHasAnEmptyList) {
  PositionUpdateEncoder encoder{identity};
  const std::vector<PositionUpdate> none;
  const auto messages =
      encode_snapshot(encoder, {account, "main", AccountState::live, 12, none}, published);
  ASSERT_EQ(messages.size(), 1U);
  const auto read = OrderedJson::from_msgpack(messages[0]);
  EXPECT_TRUE(read["positions"].is_array());
  EXPECT_TRUE(read["positions"].empty());
}

TEST(BusMessages, ASnapshotHoldsPositionUpdatesAsTheyArePublished) {
  PositionUpdateEncoder encoder{identity};
  SampleUpdate first;
  SampleUpdate second;
  second.topic = 1;
  second.symbol = "牛来USDT";
  const std::vector<PositionUpdate> positions{first.update(), second.update()};
  const auto messages =
      encode_snapshot(encoder, {account, "main", AccountState::live, 12, positions}, published);
  ASSERT_EQ(messages.size(), 1U);
  const auto read = OrderedJson::from_msgpack(messages[0]);
  ASSERT_EQ(read["positions"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto alone = OrderedJson::from_msgpack(encoder.encode(positions[i], published));
    EXPECT_EQ(read["positions"][i].dump(), alone.dump());
  }
}

TEST(BusMessages, ALargeSnapshotIsCutIntoPartsWithoutLosingAPosition) {
  PositionUpdateEncoder encoder{identity};
  std::vector<SampleUpdate> samples(1000);
  std::vector<PositionUpdate> positions;
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    samples[i].topic = i;
    samples[i].symbol = "SYMBOL" + std::to_string(i);
    positions.push_back(samples[i].update());
  }
  const auto messages =
      encode_snapshot(encoder, {account, "all", AccountState::live, 12, positions}, published);
  ASSERT_GE(messages.size(), 2U);
  std::size_t next = 0;
  for (std::size_t part = 0; part < messages.size(); ++part) {
    EXPECT_LE(messages[part].size(), snapshot_part_size_max + 1024);
    const auto read = OrderedJson::from_msgpack(messages[part]);
    EXPECT_EQ(read["part"], part + 1);
    EXPECT_EQ(read["parts"], messages.size());
    EXPECT_EQ(read["account_seq"], 12);
    for (const auto& position : read["positions"])
      EXPECT_EQ(position["symbol"], "SYMBOL" + std::to_string(next++));
  }
  EXPECT_EQ(next, samples.size());
}

}  // namespace
}  // namespace bridge::test
