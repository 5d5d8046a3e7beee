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

  // Accounts that are watched: nothing shows that their user streams deliver, so they are compared
  // every limits::watch_interval, or as often as the weight allows that the others leave. Whatever
  // the configuration says: comparisons are all that such accounts have.
  void watch_one_more() { ++watched_; }
  void watch_one_less() { --watched_; }
  Duration watch_interval() const;

 private:
  Duration configured_;
  std::size_t accounts_ = 0;
  std::size_t watched_ = 0;
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
  void stop();
  // Whether the account is watched; see ReconcilePlan.
  void watch(bool is_watched, MonotonicTime now);

  // True when a comparison is due; the next one then waits for done().
  bool wake(MonotonicTime now);
  MonotonicTime deadline() const { return due_; }
  // Whether the comparison that is under way is one that looks at settings too.
  bool looks_at_settings() const {
    return settings_are_due_ || rounds_ % limits::reconciles_per_settings_check == 0;
  }
  // The next comparison looks at settings, whichever round it is: this one could not.
  void look_at_settings_next() { settings_are_due_ = true; }

  // The comparison that was under way came to an end. `undecided`: something was changing just
  // then, so look again soon, once.
  void done(bool undecided, MonotonicTime now);

 private:
  bool is_on() const { return is_watched_ || plan_.is_on(); }
  Duration interval() const { return is_watched_ ? plan_.watch_interval() : plan_.interval(); }

  const ReconcilePlan& plan_;
  Random random_;
  bool is_running_ = false;
  bool is_under_way_ = false;
  bool is_watched_ = false;
  MonotonicTime due_ = never;
  std::uint64_t rounds_;
  bool is_recheck_ = false;
  bool settings_are_due_ = false;
};

}  // namespace bridge
