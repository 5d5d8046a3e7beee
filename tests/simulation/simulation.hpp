#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/checker.hpp"
#include "tests/simulation/fault_script.hpp"

namespace simulation {

/// What came of one simulation.
struct Outcome {
  std::optional<Violation> violation;
  Instant ended_at{};
  std::uint64_t events = 0;
  std::uint64_t publications = 0;
  std::uint64_t trace_hash = 0;
  std::vector<std::string> last_lines;  // when the trace had lines
};

/// A world in which the bridge's sessions run against the model of the exchange, from the start to
/// some minutes after the last fault. One seed, one history.
class Simulation final : private NetworkWitness, private bridge::Publications {
 public:
  explicit Simulation(const Options& options);
  ~Simulation();

  /// Once.
  Outcome run();

 private:
  void run_until(Instant end);
  void step(Instant next, bool is_exchange_due);
  void take(const Event& event);
  void act();
  void sweep();
  void look_at_touched();
  void schedule_check(AccountIndex account, bridge::Duration later);

  void swallowed(AccountIndex account) override;
  void exchange_moved() override;
  void request_ended(const RequestPurpose& purpose, const exchange::HttpResponse* response,
                     Instant asked_at) override;
  void publish(const bridge::PositionUpdate& update) override;
  void publish(const bridge::AccountStatus& status) override;
  void hand_out(const bridge::PositionUpdate& update);
  AccountIndex index_of(const bridge::AccountIdentity& identity) const;
  AccountIndex account_of(const bridge::PositionUpdate& update);
  void note(AccountIndex account, const bridge::PositionUpdate& update);
  void note(AccountIndex account, const bridge::AccountStatus& status);

  const Options options_;
  const exchange::Scenario scenario_;
  VirtualClock clock_;
  EventQueue queue_;
  Trace trace_;
  exchange::Exchange exchange_;
  Network network_;
  Driver driver_;
  Subscriber subscriber_;
  Truth truth_;
  Instant paused_until_{};
  bridge::Duration pause_noticed_{};
  FaultScript faults_;
  bool faults_stopped_ = false;
  exchange::Random action_random_;
  std::optional<Violation> violation_;
  Scene scene_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::unordered_map<const bridge::AccountIdentity*, AccountIndex> indices_;
  std::vector<AccountIndex> topic_accounts_;  // by topic number
  std::vector<AccountIndex> touched_;         // kept for its memory
  std::uint64_t publications_ = 0;
  std::optional<bridge::Decimal> previous_pnl_;  // of a mutant
};

}  // namespace simulation
