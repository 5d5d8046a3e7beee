#include "bridge/core/sessions/stream_life.hpp"

#include <algorithm>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {

void StreamLife::opening(MonotonicTime now) {
  BRIDGE_ASSERT(phase_ == Phase::closed);
  phase_ = Phase::opening;
  opened_at_ = now;
}

void StreamLife::opened(MonotonicTime now, MonotonicTime rotate_at) {
  BRIDGE_ASSERT(phase_ == Phase::opening);
  phase_ = Phase::open;
  opened_at_ = now;
  heard_at_ = now;
  ping_due_ = now + limits::stream_ping_interval;
  rotate_at_ = rotate_at;
}

bool StreamLife::was_stable(MonotonicTime now) const {
  return is_open() && now - opened_at_ >= limits::backoff_stable_after;
}

StreamLife::Due StreamLife::wake(MonotonicTime now) {
  if (now < deadline()) return Due::nothing;
  if (phase_ == Phase::opening) return Due::give_up_opening;
  if (now >= heard_at_ + limits::stream_silence_max) return Due::give_up_silent;
  if (now >= rotate_at_) {
    rotate_at_ = never;
    return Due::rotate;
  }
  // Looked at only now, so that the deadline does not move with everything that is heard.
  if (heard_at_ + limits::stream_ping_interval > now) {
    ping_due_ = heard_at_ + limits::stream_ping_interval;
    return Due::nothing;
  }
  ping_due_ = now + limits::stream_ping_interval;
  return Due::ping;
}

MonotonicTime StreamLife::deadline() const {
  switch (phase_) {
    case Phase::closed: return never;
    case Phase::opening: return opened_at_ + limits::stream_open_timeout;
    case Phase::open:
      return std::min({ping_due_, heard_at_ + limits::stream_silence_max, rotate_at_});
  }
  BRIDGE_UNREACHABLE("not a Phase");
}

}  // namespace bridge
