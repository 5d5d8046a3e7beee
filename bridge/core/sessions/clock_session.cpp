#include "bridge/core/sessions/clock_session.hpp"

#include <algorithm>
#include <variant>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/limits/rest_verdict.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {

void ClockSession::stop() {
  due_ = never;
  request_ = 0;
}

void ClockSession::synchronize(Now now) {
  clock_.forget();
  if (request_ == 0 && now.monotonic >= gone_until_) due_ = std::min(due_, now.monotonic);
}

void ClockSession::answer(RequestNumber request, const RestReply& reply, Now now) {
  if (!awaits(request)) return;
  request_ = 0;
  if (const auto* time = std::get_if<ServerTime>(&reply)) {
    clock_.learn(time->time, now);
    uses_dates_ = false;
    backoff_.reset();
    const bool was_slow = now.monotonic - asked_at_ > limits::clock_answer_slow;
    due_ = now.monotonic + (was_slow ? limits::clock_sync_retry : limits::clock_sync_interval);
    return;
  }
  const auto* failure = std::get_if<RestFailure>(&reply);
  BRIDGE_ASSERT(failure != nullptr);
  uses_dates_ = true;
  effects_.log(LogLevel::warn, "the exchange did not return its time: " + describe(*failure) +
                                   "; using the dates of its answers until it does");
  if (verdict(*failure) == RestVerdict::path_is_gone) {
    gone_until_ = now.monotonic + limits::gone_endpoint_pause;
    due_ = gone_until_;
  } else {
    due_ = now.monotonic + std::max(backoff_.next_delay(), limits::clock_sync_retry);
  }
}

void ClockSession::hear_date(WallTime date, Now now) {
  if (uses_dates_) clock_.learn(date, now);
}

void ClockSession::wake(Now now) {
  if (now.monotonic < due_) return;
  due_ = never;
  asked_at_ = now.monotonic;
  request_ = ++last_request_;
  effects_.add(effect::Request{request_, Endpoint::server_time, Urgency::vital});
}

}  // namespace bridge
