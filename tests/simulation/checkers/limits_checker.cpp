#include "tests/simulation/checkers/limits_checker.hpp"

#include <array>
#include <string>

#include "bridge/core/limits/limits.hpp"

namespace simulation {
namespace {

using enum exchange::Violation;

constexpr std::array always_forbidden = {message_rate,    stream_count,      bad_signature,
                                         unknown_api_key, missing_parameter, unknown_path};
constexpr std::array forbidden_without_faults = {timestamp, pong_missing, request_while_banned};

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
  check(request_weight);
  // Of a ban the bridge learns by the answer; what it had asked by then is refused too.
  const auto bans = statistics.faults.find("ban_address");
  const std::uint64_t ban_count = bans == statistics.faults.end() ? 0 : bans->second;
  if (statistics.broken(request_while_banned) > ban_count * bridge::limits::requests_in_flight_max)
    report("the exchange counts " + std::to_string(statistics.broken(request_while_banned)) +
           " requests in " + std::to_string(ban_count) + " bans");
}

}  // namespace simulation
