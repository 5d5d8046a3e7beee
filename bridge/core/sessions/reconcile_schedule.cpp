#include "bridge/core/sessions/reconcile_schedule.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/limits/limits.hpp"

namespace bridge {

namespace {

constexpr Duration minute = std::chrono::minutes{1};

// Of one comparison, with its share of what is spent on settings.
int comparison_weight() {
  const int settings_weight =
      request_weight(Endpoint::account_config) + request_weight(Endpoint::symbol_config);
  return request_weight(Endpoint::position_risk) +
         settings_weight / limits::reconciles_per_settings_check;
}

}  // namespace

Duration ReconcilePlan::interval() const {
  const Duration affordable = minute *
                              (static_cast<std::int64_t>(accounts_) * comparison_weight()) /
                              limits::routine_weight_spent_max;
  return std::max(configured_, affordable);
}

Duration ReconcilePlan::watch_interval() const {
  const auto watched = static_cast<std::int64_t>(watched_);
  const std::int64_t others =
      std::max(static_cast<std::int64_t>(accounts_) - watched, std::int64_t{0});
  const std::int64_t spent_by_others =
      is_on() ? others * comparison_weight() * minute.count() / interval().count() : 0;
  const std::int64_t left =
      std::max(limits::routine_weight_spent_max - spent_by_others, std::int64_t{1});
  const Duration affordable = minute * (watched * comparison_weight()) / left;
  const Duration wanted = std::max(limits::watch_interval, affordable);
  return is_on() ? std::min(wanted, interval()) : wanted;
}

void ReconcileSchedule::start(MonotonicTime now) {
  is_running_ = true;
  is_recheck_ = is_under_way_ = false;
  due_ = is_on() ? now + random_.up_to(interval()) : never;
}

void ReconcileSchedule::stop() {
  is_running_ = is_under_way_ = false;
  due_ = never;
}

void ReconcileSchedule::watch(bool is_watched, MonotonicTime now) {
  if (std::exchange(is_watched_, is_watched) == is_watched || !is_running_ || is_under_way_) return;
  due_ = is_on() ? std::min(due_, now + interval()) : never;
}

bool ReconcileSchedule::wake(MonotonicTime now) {
  if (now < due_) return false;
  due_ = never;
  is_under_way_ = true;
  if (!is_recheck_) ++rounds_;
  return true;
}

void ReconcileSchedule::done(bool undecided, MonotonicTime now) {
  settings_are_due_ = false;
  is_under_way_ = false;
  is_recheck_ = undecided && !is_recheck_;
  if (!is_on()) return;
  due_ = now + (is_recheck_ ? std::min(interval(), limits::reconcile_recheck_delay) : interval());
}

}  // namespace bridge
