#include "tests/simulation/simulation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

// Tests of the simulation itself: that one seed is one history, and that its checkers find what
// they are there for.
namespace simulation {
namespace {

Outcome outcome_of(Options options) {
  return Simulation(options).run();
}

class EveryProfile : public ::testing::TestWithParam<ProfileName> {};

TEST_P(EveryProfile, HasOneHistoryForOneSeed) {
  const Options options{.seed = 7, .accounts = 4, .hours = 2, .profile = GetParam()};
  const Outcome first = outcome_of(options);
  const Outcome second = outcome_of(options);
  EXPECT_GT(first.events, 1'000U);
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.events, second.events);
  EXPECT_EQ(first.publications, second.publications);
}

TEST_P(EveryProfile, HasTheSameHistoryWhenItsLinesAreWritten) {
  Options options{.seed = 8, .accounts = 3, .hours = 1, .profile = GetParam()};
  const Outcome silent = outcome_of(options);
  options.lines = TraceLines::last;
  const Outcome told = outcome_of(options);
  EXPECT_EQ(silent.trace_hash, told.trace_hash);
  EXPECT_TRUE(silent.last_lines.empty());
  EXPECT_EQ(told.last_lines.size(), Trace::last_lines_max);
}

TEST_P(EveryProfile, HasAnotherHistoryForAnotherSeed) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    hashes.insert(
        outcome_of({.seed = seed, .accounts = 2, .hours = 1, .profile = GetParam()}).trace_hash);
  EXPECT_EQ(hashes.size(), 5U);
}

INSTANTIATE_TEST_SUITE_P(Simulation, EveryProfile,
                         ::testing::Values(ProfileName::calm, ProfileName::faults,
                                           ProfileName::storm, ProfileName::wide),
                         [](const auto& tested) {
                           return std::string(profile_text(tested.param));
                         });

// Which checker is the first to find each mutant, and in which world.
struct Finder {
  std::string_view checker;
  ProfileName profile = ProfileName::storm;
};
const std::map<Mutant, Finder> finders = {
    {Mutant::drop_while_synchronizing, {"truth"}},
    {Mutant::drop_an_update, {"truth"}},
    {Mutant::answer_with_old_snapshot, {"truth"}},
    {Mutant::ignore_an_account, {"recovery"}},
    {Mutant::hide_staleness, {"announcement"}},
    {Mutant::swap_position_sides, {"truth"}},
    {Mutant::lose_close_notification, {"freshness"}},
    {Mutant::keep_old_socket, {"freshness"}},
    {Mutant::open_streams_thrice, {"socket"}},
    {Mutant::flood_control_messages, {"limits"}},
    {Mutant::lose_a_publication, {"sequence"}},
    {Mutant::publish_twice, {"sequence"}},
    {Mutant::garble_a_frame, {"progress", ProfileName::calm}},
    {Mutant::ignore_weight, {"limits"}},
    {Mutant::ignore_bans, {"limits"}},
    {Mutant::never_renew_a_key, {"steadiness", ProfileName::calm}},
    {Mutant::value_with_previous_price, {"valuation"}},
};

class EveryMutant : public ::testing::TestWithParam<Mutant> {};

TEST_P(EveryMutant, IsFoundWithinAHundredSeeds) {
  constexpr std::uint64_t seeds = 100;
  const Finder& finder = finders.at(GetParam());
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Outcome outcome = outcome_of({.seed = seed,
                                        .accounts = 4,
                                        .hours = 1,
                                        .profile = finder.profile,
                                        .mutant = GetParam(),
                                        // A clock that jumps adds nothing to any of them.
                                        .without = {FaultGroup::clock},
                                        .trade_interval = std::chrono::seconds{2}});
    if (!outcome.violation) continue;
    EXPECT_EQ(outcome.violation->checker, finder.checker) << outcome.violation->text;
    return;
  }
  FAIL() << "nobody noticed";
}

INSTANTIATE_TEST_SUITE_P(Simulation, EveryMutant, ::testing::ValuesIn(all_mutants()),
                         [](const auto& tested) { return std::string(mutant_text(tested.param)); });

}  // namespace
}  // namespace simulation
