#include "tests/simulation/options.hpp"

#include <array>

namespace simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::array profiles = {
    Profile{.name = ProfileName::calm,
            .fault_interval = 0s,
            .trade_interval_ms = 60'000,
            .action_interval = 20min,
            .duplicated_per_thousand = 0},
    Profile{.name = ProfileName::faults,
            .fault_interval = 5min,
            .trade_interval_ms = 60'000,
            .action_interval = 10min,
            .duplicated_per_thousand = 5},
    Profile{.name = ProfileName::storm,
            .fault_interval = 15s,
            .trade_interval_ms = 5'000,
            .action_interval = 1min,
            .duplicated_per_thousand = 20},
    // As many hours of as many accounts as there is time for: the accounts share one mark price
    // stream, which is slower by three with its limit of age.
    Profile{.name = ProfileName::wide,
            .fault_interval = 1min,
            .aims = 20,
            .trade_interval_ms = 180'000,
            .action_interval = 2min,
            .duplicated_per_thousand = 5,
            .accounts = 64,
            .positions_max = 2,
            .mark_price_interval_ms = 9'000,
            .stale_after = 30s,
            .reconcile_interval = 5min},
};

}  // namespace

std::string_view profile_text(ProfileName name) {
  switch (name) {
    case ProfileName::calm: return "calm";
    case ProfileName::faults: return "faults";
    case ProfileName::storm: return "storm";
    case ProfileName::wide: return "wide";
  }
  return "";
}

std::optional<ProfileName> parse_profile(std::string_view text) {
  for (const Profile& profile : profiles) {
    if (profile_text(profile.name) == text) return profile.name;
  }
  return std::nullopt;
}

std::string_view fault_group_text(FaultGroup group) {
  switch (group) {
    case FaultGroup::network: return "network";
    case FaultGroup::exchange: return "exchange";
    case FaultGroup::requests: return "requests";
    case FaultGroup::clock: return "clock";
    case FaultGroup::machine: return "machine";
    case FaultGroup::count: break;
  }
  return "";
}

std::optional<FaultGroup> parse_fault_group(std::string_view text) {
  for (std::uint8_t index = 0; index < static_cast<std::uint8_t>(FaultGroup::count); ++index) {
    const auto group = static_cast<FaultGroup>(index);
    if (fault_group_text(group) == text) return group;
  }
  return std::nullopt;
}

const Profile& profile_of(ProfileName name) {
  return profiles[static_cast<std::size_t>(name)];
}

Options completed(Options options) {
  const Profile& profile = profile_of(options.profile);
  if (options.accounts == 0) options.accounts = profile.accounts;
  if (options.reconcile_interval == 0s) options.reconcile_interval = profile.reconcile_interval;
  if (options.trade_interval == 0s)
    options.trade_interval = std::chrono::milliseconds{profile.trade_interval_ms};
  return options;
}

std::string replay_command(const Options& options) {
  std::string command = "simulation --seed " + std::to_string(options.seed) + " --accounts " +
                        std::to_string(completed(options).accounts) + " --hours " +
                        std::to_string(options.hours) + " --profile " +
                        std::string(profile_text(options.profile));
  const Options defaults;
  const auto seconds = [](bridge::Duration duration) {
    return std::to_string(duration.count() / 1'000'000);
  };
  if (options.reconcile_interval != defaults.reconcile_interval)
    command += " --reconcile " + seconds(options.reconcile_interval);
  if (options.trade_interval != defaults.trade_interval)
    command += " --trades " + seconds(options.trade_interval);
  for (const FaultGroup group : options.without)
    command += " --without " + std::string(fault_group_text(group));
  if (options.mutant != Mutant::none)
    command += " --mutant " + std::string(mutant_text(options.mutant));
  return command;
}

}  // namespace simulation
