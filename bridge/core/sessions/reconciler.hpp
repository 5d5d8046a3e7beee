#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/sessions/account_look.hpp"
#include "bridge/core/sessions/reconcile_schedule.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

enum class ReconcileOutcome : std::uint8_t { clean, corrected, failed };
constexpr int reconcile_outcome_count = 3;
std::string_view to_string(ReconcileOutcome outcome);

// Compares an account that is synchronized with the exchange, at intervals, and corrects what is
// different.
class Reconciler {
 public:
  // What a Reconciler works on. Outlives it.
  struct Account {
    PositionFeed& feed;
    PositionFeed::AccountNumber number;
    const ExchangeClock& clock;
    AccountLook::Context look;
  };

  Reconciler(const Account& account, ReconcilePlan& plan, std::uint64_t seed);

  // The account is synchronized.
  void start(MonotonicTime now) { schedule_.start(now); }
  void stop();
  // The stream goes on with a gap, after which the account is synchronized anew: stops, but
  // remembers how often the stream was caught.
  void pause();

  // Nothing shows that the user stream delivers: compare every few seconds, or no longer so.
  void watch(bool is_watched, MonotonicTime now);

  bool awaits(RequestNumber request) const { return look_.awaits(request); }
  struct Result {
    ReconcileOutcome outcome = ReconcileOutcome::clean;
    bool is_confirmed = false;  // the exchange has answered everything
  };
  // Returns how the comparison ended, if this was its last answer.
  std::optional<Result> answer(RequestNumber request, RestReply reply, Now now);
  // How many comparisons in a row had to correct something.
  int corrections_in_a_row() const { return corrections_in_a_row_; }

  void wake(Now now);
  MonotonicTime deadline() const { return schedule_.deadline(); }

 private:
  // What the comparison that is under way has found so far.
  struct Findings {
    WallTime certain_before;
    bool undecided = false;
    bool corrected = false;
    bool failed = false;
  };

  void compare(const PositionRows& positions, Now now);
  void compare(const SymbolConfigs& configs, Now now);
  void log(LogLevel level, std::string text) { account_.look.effects.log(level, std::move(text)); }
  Result end(Now now);

  Account account_;
  ReconcilePlan& plan_;
  bool is_watched_ = false;
  ReconcileSchedule schedule_;
  AccountLook look_;
  Findings findings_;
  int corrections_in_a_row_ = 0;
};

}  // namespace bridge
