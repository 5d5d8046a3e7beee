// Faults that come by chance.

#include <set>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

FaultProfile every(UnixMs mean_interval, std::map<FaultKind, int> weights = {}) {
  FaultProfile profile;
  profile.mean_interval_ms = mean_interval;
  profile.weights = std::move(weights);
  return profile;
}

using Statistic = std::map<std::string, std::uint64_t, std::less<>>;

std::uint64_t total(const Statistic& faults) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : faults) sum += count;
  return sum;
}

class RandomFaultsTest : public ExchangeTest {
 protected:
  const Statistic& faults() { return exchange.world().statistics.faults; }

  /// Everything that an exchange says to two clients, and everything that it does, as one text.
  static std::string history(std::uint64_t seed) {
    Scenario plan = scenario();
    plan.seed = seed;
    plan.accounts[0].trading.mean_interval_ms = 5 * second_ms;
    plan.random_faults = every(5 * second_ms);
    Exchange exchange(plan, test_start);
    std::string trace;
    for (UnixMs now = test_start; now < test_start + hour_ms / 2; now += second_ms) {
      if (exchange.connections().size() < 2 && exchange.accepts_connection(now)) {
        const auto opened = exchange.open("/market/ws/btcusdt@markPrice@1s", "127.0.0.1", now);
        trace += opened ? "open " : "refused ";
      }
      const HttpResponse answer = exchange.request(
          {.method = "GET", .target = "/fapi/v1/time", .address = "127.0.0.1"}, now);
      trace += std::to_string(answer.status) + answer.body + std::to_string(answer.delay_ms);
      for (const Effect& effect : exchange.take_effects()) {
        trace += std::to_string(effect.connection) + *effect.payload;
      }
    }
    for (const auto& [kind, count] : exchange.world().statistics.faults) {
      trace += kind + std::to_string(count);
    }
    return trace;
  }
};

TEST_F(RandomFaultsTest, OneSeedGivesOneHistory) {
  const std::string first = history(7);
  EXPECT_GT(first.size(), 100'000U);
  EXPECT_EQ(first, history(7));
  EXPECT_NE(first, history(8));
}

TEST_F(RandomFaultsTest, EveryKindComesWithItsWeight) {
  std::map<FaultKind, int> weights;
  for (const FaultKind kind : all_fault_kinds()) weights[kind] = 1;
  exchange.set_random_faults(every(second_ms, weights), now);
  pass(hour_ms);
  EXPECT_EQ(faults().size(), all_fault_kinds().size());
  EXPECT_NEAR(static_cast<double>(total(faults())), 3'600, 200);
}

TEST_F(RandomFaultsTest, UnnoticeableKindsComeOnlyWhenAskedFor) {
  exchange.set_random_faults(every(second_ms), now);
  pass(hour_ms);
  EXPECT_FALSE(faults().contains("lose_events"));
  EXPECT_FALSE(faults().contains("clock_step"));
  EXPECT_EQ(faults().size(), all_fault_kinds().size() - 2);
}

TEST_F(RandomFaultsTest, WeightsLeaveOutWhatTheyDoNotName) {
  exchange.set_random_faults(every(second_ms, {{FaultKind::cut, 3}, {FaultKind::slow, 1}}), now);
  pass(hour_ms);
  ASSERT_EQ(faults().size(), 2U);
  const double cuts = static_cast<double>(faults().at("cut"));
  EXPECT_NEAR(cuts / static_cast<double>(total(faults())), 0.75, 0.05);
}

TEST_F(RandomFaultsTest, ProfileHasAQuietBeginningAndAQuietEnd) {
  FaultProfile profile = every(second_ms, {{FaultKind::cut, 1}});
  profile.from_ms = minute_ms;
  profile.until_ms = 2 * minute_ms;
  exchange.set_random_faults(profile, now);
  pass(minute_ms);
  EXPECT_EQ(total(faults()), 0U);
  pass(minute_ms);
  const std::uint64_t struck = total(faults());
  EXPECT_GT(struck, 30U);
  pass(hour_ms);
  EXPECT_EQ(total(faults()), struck);
}

TEST_F(RandomFaultsTest, ClearingEndsThem) {
  exchange.set_random_faults(every(second_ms), now);
  pass(minute_ms);
  exchange.clear_faults();
  const std::uint64_t struck = total(faults());
  pass(hour_ms);
  EXPECT_EQ(total(faults()), struck);
  EXPECT_EQ(exchange.world().faults.active_count(now), 0U);
}

TEST(FaultKinds, NamesAreReadAsTheyAreWritten) {
  std::set<std::string_view> names;
  for (const FaultKind kind : all_fault_kinds()) {
    EXPECT_EQ(parse_fault_kind(fault_kind_text(kind)), kind);
    names.insert(fault_kind_text(kind));
  }
  EXPECT_EQ(names.size(), all_fault_kinds().size());
  EXPECT_EQ(names.size(), static_cast<std::size_t>(FaultKind::malformed_frames) + 1);
}

}  // namespace
}  // namespace exchange
