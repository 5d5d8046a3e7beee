#pragma once

#include <cstdint>

#include "tests/exchange/model/exchange.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/trace.hpp"
#include "tests/simulation/truth.hpp"
#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

/// Breaks things at random, by its own random numbers: of the exchange, of the network, of the
/// clock, of the machine on which the bridge runs.
class FaultScript {
 public:
  FaultScript(exchange::Exchange& exchange, Network& network, VirtualClock& clock,
              Instant& paused_until, Truth& truth, Trace& trace, const Options& options);

  /// When the first fault or the one after now is due; never() without faults.
  Instant next_at();
  void inject();
  /// No more faults, and what lasts ends now.
  void stop();

 private:
  struct Aim {
    Network::Target target;
    exchange::Fault fault;  // with the same aim
  };
  Aim draw_aim();
  bridge::Duration draw_duration(bridge::Duration longest);
  exchange::UnixMs draw_ms(bridge::Duration longest) {
    return draw_duration(longest).count() / 1000;
  }

  void break_network(std::uint64_t kind);
  void break_exchange();
  void break_requests();
  void break_clock();
  void pause();
  void inject(exchange::Fault fault);
  void note(const std::string& what);

  exchange::Exchange& exchange_;
  Network& network_;
  VirtualClock& clock_;
  Instant& paused_until_;
  Truth& truth_;
  Trace& trace_;
  const Options& options_;
  exchange::Random random_;
};

}  // namespace simulation
