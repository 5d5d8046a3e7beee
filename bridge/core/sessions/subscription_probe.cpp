#include "bridge/core/sessions/subscription_probe.hpp"

#include "bridge/core/limits/limits.hpp"

namespace bridge {

void SubscriptionProbe::ask_now(MonotonicTime now) {
  asked_id_.reset();
  ask_at_ = now;
}

void SubscriptionProbe::stop() {
  asked_id_.reset();
  ask_at_ = never;
}

SubscriptionProbe::Due SubscriptionProbe::wake(MonotonicTime now, std::uint64_t next_id) {
  if (now < deadline()) return Due::nothing;
  if (asked_id_) return Due::unanswered;
  asked_id_ = next_id;
  asked_at_ = now;
  was_extended_ = false;
  overdue_at_ = now + limits::probe_timeout;
  return Due::ask;
}

void SubscriptionProbe::extend(MonotonicTime now) {
  was_extended_ = true;
  overdue_at_ = now + limits::probe_timeout;
}

void SubscriptionProbe::give_up(MonotonicTime now) {
  asked_id_.reset();
  ask_at_ = now + limits::probe_interval;
}

bool SubscriptionProbe::take_answer(std::optional<std::uint64_t> id, MonotonicTime now) {
  if (!asked_id_ || (id && *id != *asked_id_)) return false;
  asked_id_.reset();
  ask_at_ = now + limits::probe_interval;
  return true;
}

}  // namespace bridge
