#include "bridge/core/sessions/listen_key_life.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/limits/limits.hpp"

namespace bridge {

bool ListenKeyLife::granted(Secret key, MonotonicTime now) {
  const bool is_other = key_ && *key_ != key;
  key_ = std::move(key);
  renewed(now);
  return is_other;
}

void ListenKeyLife::renewed(MonotonicTime now) {
  constexpr Duration spread = limits::listen_key_renewal_max - limits::listen_key_renewal_min;
  renewal_due_ = now + limits::listen_key_renewal_min + random_.up_to(spread);
  over_at_ = now + limits::listen_key_life;
  retry_ = limits::listen_key_renewal_retry_min;
}

Duration ListenKeyLife::renewal_failed(MonotonicTime now) {
  const Duration wait = retry_;
  renewal_due_ = now + wait;
  retry_ = std::min(retry_ * 2, limits::listen_key_renewal_retry_max);
  return wait;
}

void ListenKeyLife::doubt(MonotonicTime now) {
  if (renewal_due_ != never) renewal_due_ = now;
}

void ListenKeyLife::forget() {
  rest();
  key_.reset();
}

ListenKeyLife::Due ListenKeyLife::wake(MonotonicTime now) {
  if (now >= over_at_) {
    rest();
    return Due::over;
  }
  if (now < renewal_due_) return Due::nothing;
  renewal_due_ = never;
  return Due::renew;
}

MonotonicTime ListenKeyLife::deadline() const {
  return std::min(renewal_due_, over_at_);
}

}  // namespace bridge
