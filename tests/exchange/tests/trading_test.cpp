// Accounts that trade by themselves, and the exchange as a whole under one seed.

#include <functional>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using nlohmann::json;

Scenario busy(std::uint64_t seed) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.history_length = 100'000;
  scenario.rules.pong_timeout_ms = 24 * hour_ms;  // nobody here answers pings
  for (const PositionMode mode : {PositionMode::one_way, PositionMode::hedge}) {
    AccountSetup setup;
    setup.name = mode == PositionMode::hedge ? "legs" : "solo";
    setup.api_key = setup.name;
    setup.verifier = Verifier::from_secret("secret");
    setup.mode = mode;
    setup.trading.mean_interval_ms = 2 * second_ms;
    scenario.accounts.push_back(setup);
  }
  return scenario;
}

std::string everything_after(std::uint64_t seed, UnixMs time, UnixMs step) {
  Exchange exchange(busy(seed), test_start);
  std::string trace;
  const HttpResponse created = exchange.request(
      {.method = "POST", .target = "/fapi/v1/listenKey", .api_key = "solo", .address = "a"},
      test_start);
  const std::string key = json::parse(created.body)["listenKey"];
  EXPECT_TRUE(exchange.open("/private/stream?listenKey=" + key, "a", test_start).has_value());
  EXPECT_TRUE(exchange.open("/market/ws/!markPrice@arr", "a", test_start).has_value());
  for (UnixMs now = test_start; now <= test_start + time; now += step) {
    exchange.advance(now);
    for (const Effect& effect : exchange.take_effects()) trace += *effect.payload + "\n";
  }
  return trace;
}

TEST(Simulation, OneSeedGivesOneHistoryHoweverOftenItIsDriven) {
  const std::string seldom = everything_after(5, 10 * minute_ms, 10 * minute_ms);
  // Compared as truths, because a difference would print megabytes.
  EXPECT_TRUE(seldom == everything_after(5, 10 * minute_ms, 10 * minute_ms));
  EXPECT_TRUE(seldom == everything_after(5, 10 * minute_ms, 40));
  EXPECT_FALSE(seldom == everything_after(6, 10 * minute_ms, 10 * minute_ms));
}

TEST(Simulation, AccountsOpenAddReduceFlipAndClose) {
  Exchange exchange(busy(3), test_start);
  exchange.advance(test_start + 2 * hour_ms);
  for (const auto& member : exchange.world().members) {
    int opened = 0, closed = 0, grown = 0, shrunk = 0, flipped = 0;
    std::map<PositionKey, Amount> held;
    for (const HistoryEntry& entry : member->history) {
      const Amount before = held[entry.key];
      const Amount after = entry.position.amount;
      held[entry.key] = after;
      opened += before.is_zero() ? 1 : 0;
      closed += after.is_zero() ? 1 : 0;
      flipped += before.sign() * after.sign() < 0 ? 1 : 0;
      if (before.sign() * after.sign() <= 0) continue;
      grown += after.absolute() > before.absolute() ? 1 : 0;
      shrunk += after.absolute() < before.absolute() ? 1 : 0;
    }
    EXPECT_GT(opened, 20) << member->name;
    EXPECT_GT(closed, 20) << member->name;
    EXPECT_GT(grown, 20) << member->name;
    EXPECT_GT(shrunk, 20) << member->name;
    EXPECT_EQ(flipped > 20, member->account.mode() == PositionMode::one_way) << member->name;
  }
}

TEST(Simulation, LegsNeverHaveTheWrongSign) {
  Exchange exchange(busy(11), test_start);
  exchange.advance(test_start + 6 * hour_ms);
  for (const HistoryEntry& entry : exchange.world().find_member("legs")->history) {
    const int sign = entry.position.amount.sign();
    EXPECT_TRUE(entry.key.side == PositionSide::long_leg ? sign >= 0 : sign <= 0);
    EXPECT_NE(entry.key.side, PositionSide::both);
  }
}

TEST(Simulation, StreamOfDeltasAddsUpToTheTruth) {
  Exchange exchange(busy(17), test_start);
  const HttpResponse created = exchange.request(
      {.method = "POST", .target = "/fapi/v1/listenKey", .api_key = "legs", .address = "a"},
      test_start);
  const std::string key = json::parse(created.body)["listenKey"];
  const std::string target = "/private/ws?listenKey=" + key + "&events=ACCOUNT_UPDATE";
  ASSERT_TRUE(exchange.open(target, "a", test_start).has_value());
  std::map<std::string, std::string> seen;
  exchange.advance(test_start + 50 * minute_ms);
  exchange.set_trading(false, test_start + 50 * minute_ms);
  exchange.advance(test_start + 51 * minute_ms);
  for (const Effect& effect : exchange.take_effects()) {
    if (effect.kind != EffectKind::text) continue;
    const json event = json::parse(*effect.payload);
    for (const json& row : event["a"]["P"]) {
      seen[row["s"].get<std::string>() + row["ps"].get<std::string>()] = row["pa"];
    }
  }
  std::erase_if(seen, [](const auto& entry) { return entry.second == "0"; });
  std::map<std::string, std::string> truth;
  const World& world = exchange.world();
  for (const auto& [position_key, position] : world.find_member("legs")->account.positions()) {
    if (!position.is_open()) continue;
    truth[std::string(world.symbols[position_key.symbol].name) +
          std::string(position_side_text(position_key.side))] = position.amount.text();
  }
  EXPECT_FALSE(truth.empty());
  EXPECT_EQ(seen, truth);
}

TEST(Simulation, TradingThatIsStoppedStandsStillAndDoesNotCatchUp) {
  Exchange exchange(busy(2), test_start);
  exchange.set_trading(false, test_start);
  exchange.advance(test_start + hour_ms);
  EXPECT_EQ(exchange.world().members[0]->changes, 0U);
  exchange.set_trading(true, test_start + hour_ms);
  exchange.advance(test_start + hour_ms + 10 * second_ms);
  EXPECT_GT(exchange.world().members[0]->changes, 0U);
  EXPECT_LT(exchange.world().members[0]->changes, 30U);
}

}  // namespace
}  // namespace exchange
