#include "tests/simulation/fault_script.hpp"

#include <algorithm>
#include <array>

namespace simulation {
namespace {

using namespace std::chrono_literals;

constexpr bridge::Duration fault_longest = 90s;
// Below what is stale, so that slowness alone is no reason to be.
constexpr bridge::Duration slowness_max = 5s;
constexpr bridge::Duration request_slowness_max = 9s;
constexpr bridge::Duration pause_longest = 100s;
constexpr bridge::Duration ban_longest = 3min;
// The bridge trusts REST to be no further behind the streams than two seconds.
constexpr bridge::Duration rest_lag_longest = 1800ms;

// GET /time may be ahead of the exchange's clock by what its REST side is nearer to the streams
// than the bridge trusts it to be; behind, it only costs time.
constexpr bridge::Duration server_time_ahead_max = 150ms;
constexpr bridge::Duration server_time_behind_max = 3s;

constexpr std::array malformations = {exchange::Malformation::broken_json,
                                      exchange::Malformation::missing_field,
                                      exchange::Malformation::unknown_event};

constexpr std::array close_codes = {0, 1001, 1006, 1008, 1011};

struct RestError {
  int status;
  int code;
};
constexpr std::array rest_errors = {RestError{503, -1001}, RestError{500, -1000},
                                    RestError{502, -1001}, RestError{504, -1007},
                                    RestError{400, -1021}, RestError{429, -1003}};
constexpr std::array endpoints = {"",
                                  "POST /fapi/v1/listenKey",
                                  "PUT /fapi/v1/listenKey",
                                  "/fapi/v3/positionRisk",
                                  "/fapi/v1/symbolConfig",
                                  "/fapi/v1/time"};

// Of twenty.
FaultGroup group_of(std::uint64_t kind) {
  if (kind < 8) return FaultGroup::network;
  if (kind < 15) return FaultGroup::exchange;
  if (kind < 17) return FaultGroup::requests;
  return kind < 18 ? FaultGroup::clock : FaultGroup::machine;
}

template <class Values>
const auto& pick(const Values& values, exchange::Random& random) {
  return values[random.below(values.size())];
}

}  // namespace

FaultScript::FaultScript(exchange::Exchange& exchange, Network& network, VirtualClock& clock,
                         Instant& paused_until, Truth& truth, Trace& trace, const Options& options)
    : exchange_(exchange),
      network_(network),
      clock_(clock),
      paused_until_(paused_until),
      truth_(truth),
      trace_(trace),
      options_(options),
      random_(exchange::seed_for(options.seed, "faults")) {
  network_.set_duplicated_per_thousand(profile_of(options.profile).duplicated_per_thousand);
  if (profile_of(options.profile).fault_interval > 0s)
    clock_.set_drift(static_cast<int>(random_.between(-100, 100)));
}

Instant FaultScript::next_at() {
  const bridge::Duration mean = profile_of(options_.profile).fault_interval;
  if (mean == 0s) return never;
  return clock_.elapsed() + bridge::Duration{random_.between(1, 2 * mean.count())};
}

FaultScript::Aim FaultScript::draw_aim() {
  Aim aim;
  switch (random_.below(profile_of(options_.profile).aims)) {
    case 0: aim.fault.scope = exchange::FaultScope::everything; break;
    case 1:
      aim.target = nobody;
      aim.fault.scope = exchange::FaultScope::market_connections;
      break;
    default: {
      const auto account =
          static_cast<AccountIndex>(random_.below(static_cast<std::uint64_t>(options_.accounts)));
      aim.target = account;
      aim.fault.account = exchange_.world().members[account]->name;
    }
  }
  return aim;
}

bridge::Duration FaultScript::draw_duration(bridge::Duration longest) {
  return bridge::Duration{random_.between(1'000, longest.count())};
}

void FaultScript::inject() {
  const std::uint64_t kind = random_.below(20);
  const FaultGroup group = group_of(kind);
  if (options_.without.contains(group)) return;
  truth_.events_may_be_lost();
  switch (group) {
    case FaultGroup::network: break_network(kind); break;
    case FaultGroup::exchange: break_exchange(); break;
    case FaultGroup::requests: break_requests(); break;
    case FaultGroup::clock: break_clock(); break;
    default: pause();
  }
  network_.pump();
}

void FaultScript::break_network(std::uint64_t kind) {
  const Aim aim = draw_aim();
  const Instant until = clock_.elapsed() + draw_duration(fault_longest);
  const std::string whom = !aim.target             ? "all streams"
                           : *aim.target == nobody ? "the mark price stream"
                                                   : "the stream of " + aim.fault.account;
  switch (kind) {
    case 0: note("network: cuts " + whom); return network_.cut(aim.target);
    case 1:
    case 2: note("network: kills " + whom + " silently"); return network_.kill_silently(aim.target);
    case 3:
      note("network: slows down " + whom + " until " + to_text(until));
      return network_.slow_down(aim.target, draw_duration(slowness_max), until);
    case 4:
      note("network: holds " + whom + " until " + to_text(until));
      return network_.hold(aim.target, until);
    case 5:
      note("network: refuses connections until " + to_text(until));
      return network_.refuse_connections(until);
    case 6:
      note("network: swallows connections until " + to_text(until));
      return network_.swallow_connections(until);
    default:
      note("network: nothing passes until " + to_text(until));
      network_.hold({}, until);
      network_.swallow_connections(until);
      network_.swallow_requests(until);
  }
}

void FaultScript::break_exchange() {
  using enum exchange::FaultKind;
  // Not here: refuse_tls and slow, which the network does itself, where it can be seen what is on
  // its way; and clock_step, since everything here is judged by the exchange's clock.
  constexpr std::array kinds = {cut,
                                cut,
                                silence,
                                refuse_handshakes,
                                expire_key,
                                delete_key,
                                change_key,
                                rest_error,
                                rest_error,
                                rest_lag,
                                mute,
                                lose_events,
                                duplicate_events,
                                ignore_events,
                                too_many_requests,
                                half_open,
                                rest_delay,
                                rest_shuffle,
                                server_time,
                                silence_symbol,
                                malformed_frames};
  const Aim aim = draw_aim();
  exchange::Fault fault = aim.fault;
  fault.kind = pick(kinds, random_);
  fault.duration_ms = draw_ms(fault_longest);
  switch (fault.kind) {
    case cut: fault.close_code = pick(close_codes, random_); break;
    case rest_error: {
      const RestError& error = pick(rest_errors, random_);
      fault.endpoint = pick(endpoints, random_);
      fault.http_status = error.status;
      fault.code = error.code;
      break;
    }
    case rest_lag: fault.delay_ms = draw_ms(rest_lag_longest); break;
    case rest_delay:
    case rest_shuffle: fault.delay_ms = draw_ms(request_slowness_max); break;
    case server_time:
      fault.offset_ms =
          random_.below(2) == 0 ? draw_ms(server_time_ahead_max) : -draw_ms(server_time_behind_max);
      break;
    case silence_symbol: {
      const exchange::SymbolTable& symbols = exchange_.world().symbols;
      fault.symbol = symbols[static_cast<exchange::SymbolId>(random_.below(symbols.size()))].name;
      break;
    }
    case malformed_frames:
      fault.form = pick(malformations, random_);
      fault.percent = static_cast<int>(random_.between(10, 100));
      truth_.frames_are_spoilt(aim.fault.account.empty() ? Network::Target{} : aim.target,
                               std::chrono::milliseconds{fault.duration_ms});
      break;
    case lose_events:
      fault.percent = static_cast<int>(random_.between(10, 100));
      // Aimed at the mark price stream, it meets everybody.
      truth_.events_are_lost(aim.fault.account.empty() ? Network::Target{} : aim.target,
                             std::chrono::milliseconds{fault.duration_ms});
      break;
    // A listen key or a subscription is what it is until somebody asks for the next.
    case change_key:
    case ignore_events: fault.count = 1; break;
    default: break;
  }
  inject(fault);
}

void FaultScript::break_requests() {
  const Instant until = clock_.elapsed() + draw_duration(fault_longest);
  switch (random_.below(4)) {
    case 0:
      note("network: swallows requests until " + to_text(until));
      return network_.swallow_requests(until);
    case 1:
      note("network: slows down requests until " + to_text(until));
      return network_.slow_requests(draw_duration(request_slowness_max) + 1s, until);
    case 2:
      note("network: fails requests until " + to_text(until));
      return network_.fail_requests(until);
    default: {
      exchange::Fault fault;
      fault.kind = exchange::FaultKind::ban_address;
      fault.address = Network::bridge_address;
      fault.duration_ms = draw_ms(ban_longest);
      inject(fault);
    }
  }
}

void FaultScript::break_clock() {
  const std::array<bridge::Duration, 5> sizes = {100ms, 1s, 4s, 30s, 1h};
  const bridge::Duration size = draw_duration(pick(sizes, random_));
  const bool ahead = random_.below(2) == 0;
  note("clock: jumps by " + std::to_string((ahead ? size : -size).count() / 1000) + " ms");
  clock_.jump_wall(ahead ? size : -size);
  clock_.set_drift(static_cast<int>(random_.between(-100, 100)));
}

void FaultScript::pause() {
  const bridge::Duration length =
      draw_duration(random_.below(4) == 0 ? pause_longest : bridge::Duration{5s});
  note("machine: the bridge stands still for " + std::to_string(length.count() / 1000) + " ms");
  paused_until_ = std::max(paused_until_, clock_.elapsed() + length);
}

void FaultScript::inject(exchange::Fault fault) {
  note("exchange: " + std::string(exchange::fault_kind_text(fault.kind)) + " " + fault.account +
       " for " + std::to_string(fault.duration_ms) + " ms " + fault.endpoint + " " +
       std::to_string(fault.close_code) + " " + std::to_string(fault.code));
  exchange_.inject(fault, clock_.exchange_ms());
}

void FaultScript::stop() {
  note("faults stop");
  network_.heal();
  exchange_.clear_faults();
  exchange_.world().weight.ban(Network::bridge_address, 0);
}

void FaultScript::note(const std::string& what) {
  trace_.mix(what);
  if (trace_.has_lines()) trace_.line(clock_.elapsed(), "*** " + what);
}

}  // namespace simulation
