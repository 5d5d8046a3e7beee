#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/exchange/model/time.hpp"
#include "tests/simulation/mutant.hpp"
#include "tests/simulation/trace.hpp"

namespace simulation {

/// How unfriendly the world is.
enum class ProfileName : std::uint8_t { calm, faults, storm, wide };

std::string_view profile_text(ProfileName name);
std::optional<ProfileName> parse_profile(std::string_view text);

/// What can go wrong, in groups that can be left out when looking for the reason of something.
enum class FaultGroup : std::uint8_t { network, exchange, requests, clock, machine, count };

std::string_view fault_group_text(FaultGroup group);
std::optional<FaultGroup> parse_fault_group(std::string_view text);

/// The numbers behind a profile.
struct Profile {
  ProfileName name = ProfileName::calm;
  /// Between two faults, on the average; zero: there are none.
  Instant fault_interval{};
  /// Of so many faults that can be aimed, one meets all streams and one the mark prices; the others
  /// meet one account each.
  std::uint64_t aims = 5;
  /// Between two trades of an account, on the average.
  exchange::UnixMs trade_interval_ms = 0;
  /// Between two changes of a setting (leverage, margin type, deposit) of any account.
  Instant action_interval{};
  /// How often a frame of a user stream comes twice, in a thousand.
  std::uint64_t duplicated_per_thousand = 0;
  int accounts = 8;
  int positions_max = 3;  // of an account, at one time
  /// Prices move so often, and the streams of three seconds tick no more often.
  exchange::UnixMs mark_price_interval_ms = 1'000;
  /// How old a mark price may be.
  bridge::Duration stale_after = std::chrono::seconds{10};
  /// How often the bridge compares positions over REST.
  bridge::Duration reconcile_interval = std::chrono::seconds{60};
};

const Profile& profile_of(ProfileName name);

/// One simulation. Everything else follows from these.
struct Options {
  std::uint64_t seed = 1;
  int accounts = 0;  // zero, here and below: as the profile says
  int hours = 6;
  ProfileName profile = ProfileName::faults;
  Mutant mutant = Mutant::none;
  std::set<FaultGroup> without;
  bridge::Duration reconcile_interval{};
  bridge::Duration trade_interval{};
  TraceLines lines = TraceLines::none;
};

/// The same, with what the profile says in the place of what is not given.
Options completed(Options options);

/// The command that runs exactly this again.
std::string replay_command(const Options& options);

}  // namespace simulation
