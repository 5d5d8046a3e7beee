#include "bridge/core/sessions/reconcile_schedule.hpp"

#include <algorithm>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/limits/limits.hpp"

namespace bridge {

Duration ReconcilePlan::interval() const {
  const int settings_weight =
      request_weight(Endpoint::account_config) + request_weight(Endpoint::symbol_config);
  const int weight = request_weight(Endpoint::position_risk) +
                     settings_weight / limits::reconciles_per_settings_check;
  const Duration affordable = Duration{std::chrono::minutes{1}} *
                              (static_cast<std::int64_t>(accounts_) * weight) /
                              limits::routine_weight_spent_max;
  return std::max(configured_, affordable);
}

void ReconcileSchedule::start(MonotonicTime now) {
  is_recheck_ = false;
  if (!plan_.is_on()) return;
  due_ = now + random_.up_to(plan_.interval());
}

bool ReconcileSchedule::wake(MonotonicTime now) {
  if (now < due_) return false;
  due_ = never;
  if (!is_recheck_) ++rounds_;
  return true;
}

void ReconcileSchedule::done(bool undecided, MonotonicTime now) {
  is_recheck_ = undecided && !is_recheck_;
  due_ = now + (is_recheck_ ? std::min(plan_.interval(), limits::reconcile_recheck_delay)
                            : plan_.interval());
}

}  // namespace bridge
