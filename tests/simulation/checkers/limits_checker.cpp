#include "tests/simulation/checkers/limits_checker.hpp"

#include <array>

namespace simulation {
namespace {

using enum exchange::Violation;

constexpr std::array always_forbidden = {message_rate,    stream_count,      bad_signature,
                                         unknown_api_key, missing_parameter, unknown_path};
constexpr std::array forbidden_without_faults = {timestamp, pong_missing, request_while_banned};

// The bridge does not share out the weight of its address yet, so it is only held to the limit
// with as many accounts as cannot break it by reconciling and synchronizing.
constexpr int accounts_with_weight_to_spare = 40;

}  // namespace

void LimitsChecker::sweep() {
  const exchange::Statistics& statistics = scene().exchange.world().statistics;
  const auto check = [&](exchange::Violation violation) {
    if (statistics.broken(violation) > 0)
      report("the exchange counts " + std::string(exchange::violation_text(violation)));
  };
  for (const exchange::Violation violation : always_forbidden) check(violation);
  if (scene().options.profile == ProfileName::calm) {
    for (const exchange::Violation violation : forbidden_without_faults) check(violation);
  }
  if (scene().options.accounts <= accounts_with_weight_to_spare) check(request_weight);
}

}  // namespace simulation
