#pragma once

#include <cstddef>
#include <cstdint>

#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// How often the accounts of one host are compared with the exchange: as configured, or as often as
// all of them together may be within limits::routine_weight_spent_max a minute.
class ReconcilePlan {
 public:
  // Zero: never.
  explicit ReconcilePlan(Duration configured) : configured_{configured} {}

  void set_account_count(std::size_t count) { accounts_ = count; }
  bool is_on() const { return configured_ > Duration::zero(); }
  bool is_stretched() const { return is_on() && interval() > configured_; }
  Duration interval() const;

 private:
  Duration configured_;
  std::size_t accounts_ = 0;
};

// When one account is compared next.
class ReconcileSchedule {
 public:
  // The plan outlives it. `first_round`: where in the cycle of rounds that look at settings the
  // account begins; different for each, so that those that came up together do not all read their
  // settings in the same round.
  ReconcileSchedule(const ReconcilePlan& plan, std::uint64_t seed, std::uint64_t first_round)
      : plan_{plan}, random_{seed}, rounds_{first_round} {}

  // The account is synchronized. The first comparison comes at a random time within one
  // interval, so that accounts that came up together are spread evenly over it.
  void start(MonotonicTime now);
  void stop() { due_ = never; }

  // True when a comparison is due; the next one then waits for done().
  bool wake(MonotonicTime now);
  MonotonicTime deadline() const { return due_; }
  // Whether the comparison that is under way is one that looks at settings too.
  bool looks_at_settings() const { return rounds_ % limits::reconciles_per_settings_check == 0; }

  // The comparison that was under way came to an end. `undecided`: something was changing just
  // then, so look again soon, once.
  void done(bool undecided, MonotonicTime now);

 private:
  const ReconcilePlan& plan_;
  Random random_;
  MonotonicTime due_ = never;
  std::uint64_t rounds_;
  bool is_recheck_ = false;
};

}  // namespace bridge
