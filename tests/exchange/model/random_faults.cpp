#include "tests/exchange/model/random_faults.hpp"

#include <algorithm>
#include <array>

namespace exchange {
namespace {

// 1006 stands for no close frame at all; 4000 for a code that no standard knows.
constexpr std::array close_codes = {0, 1000, 1001, 1006, 1008, 1011, 1012, 4000};

struct RestErrorForm {
  int http_status;
  int code;
  std::string_view message;
};

// Errors that pass. Those that tell a client to leave an account alone would hide all that follows.
constexpr std::array rest_errors = {
    RestErrorForm{500, -1000, "An unknown error occured while processing the request."},
    RestErrorForm{503, -1001, "Internal error; unable to process your request."},
    RestErrorForm{504, -1007, "Timeout waiting for response from backend server."},
    RestErrorForm{400, -1021, "Timestamp for this request is outside of the recvWindow."},
    RestErrorForm{400, -1008, "Server is currently overloaded with other requests."},
};

constexpr UnixMs shortest_duration_ms = 100;
constexpr UnixMs shortest_delay_ms = 10;
constexpr int count_max = 5;

bool is_of_requests(FaultKind kind) {
  return kind == FaultKind::rest_error || kind == FaultKind::too_many_requests ||
         kind == FaultKind::rest_delay || kind == FaultKind::rest_shuffle ||
         kind == FaultKind::rest_lag;
}

}  // namespace

std::map<FaultKind, int> default_weights() {
  std::map<FaultKind, int> weights;
  for (const FaultKind kind : all_fault_kinds()) weights[kind] = 1;
  weights[FaultKind::lose_events] = 0;
  weights[FaultKind::clock_step] = 0;
  return weights;
}

RandomFaults::RandomFaults(FaultProfile profile, std::uint64_t exchange_seed, UnixMs now)
    : profile_(std::move(profile)),
      random_(seed_for(profile_.seed.value_or(exchange_seed), "random faults")) {
  if (profile_.weights.empty()) profile_.weights = default_weights();
  ends_at_ = profile_.until_ms == never_ms ? never_ms : now + profile_.until_ms;
  if (profile_.mean_interval_ms > 0) schedule(now + profile_.from_ms);
}

// Any length up to twice the mean is as likely as any other.
void RandomFaults::schedule(UnixMs after) {
  next_at_ = after + random_.between(1, 2 * profile_.mean_interval_ms);
  if (next_at_ >= ends_at_) next_at_ = never_ms;
}

FaultKind RandomFaults::draw_kind() {
  std::int64_t total = 0;
  for (const auto& [kind, weight] : profile_.weights) total += weight;
  std::int64_t drawn = random_.between(0, std::max<std::int64_t>(total, 1) - 1);
  for (const auto& [kind, weight] : profile_.weights) {
    if (drawn < weight) return kind;
    drawn -= weight;
  }
  return FaultKind::cut;
}

void RandomFaults::draw_target(Fault& fault, const std::vector<std::string>& accounts) {
  fault.scope = static_cast<FaultScope>(random_.below(3));
  const bool of_one_account = random_.below(2) == 0;
  if (fault.scope == FaultScope::market_connections && !is_of_requests(fault.kind)) return;
  if (of_one_account && !accounts.empty()) fault.account = accounts[random_.below(accounts.size())];
}

void RandomFaults::draw_rest_error(Fault& fault) {
  const RestErrorForm& form = rest_errors[random_.below(rest_errors.size())];
  fault.http_status = form.http_status;
  fault.code = form.code;
  fault.message = form.message;
  fault.count = static_cast<int>(random_.between(1, count_max));
}

// Every property is drawn for every kind, so that a change of weights changes nothing else.
Fault RandomFaults::draw(const std::vector<std::string>& accounts,
                         const std::vector<std::string>& symbols) {
  Fault fault{.kind = draw_kind()};
  draw_target(fault, accounts);
  const auto longest = [](UnixMs most, UnixMs least) { return std::max(most, least); };
  fault.duration_ms = random_.between(shortest_duration_ms,
                                      longest(profile_.duration_max_ms, shortest_duration_ms));
  fault.delay_ms =
      random_.between(shortest_delay_ms, longest(profile_.delay_max_ms, shortest_delay_ms));
  fault.offset_ms = random_.below(2) == 0 ? fault.delay_ms : -fault.delay_ms;
  fault.close_code = close_codes[random_.below(close_codes.size())];
  fault.form = static_cast<Malformation>(random_.below(3));
  fault.percent = random_.below(2) == 0 ? 100 : 25;
  if (!symbols.empty()) fault.symbol = symbols[random_.below(symbols.size())];
  if (fault.kind == FaultKind::rest_error) draw_rest_error(fault);
  if (fault.kind == FaultKind::change_key) fault.count = 1;
  schedule(next_at_);
  return fault;
}

}  // namespace exchange
