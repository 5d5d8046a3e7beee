#pragma once

#include <algorithm>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// When a connection to a host may be opened, so that a thousand accounts together stay below what
// one address may open: limits::connection_burst at once, then one
// every limits::connection_interval.
class ConnectionPacer {
 public:
  // Takes the next free place and says when it is, now or later. To be asked by who would connect
  // now, not by who only will: places are given out in order. One that is not used is lost.
  MonotonicTime reserve(MonotonicTime now) {
    constexpr Duration burst = limits::connection_interval * (limits::connection_burst - 1);
    const MonotonicTime at = std::max(now, next_ - burst);
    next_ = std::max(next_, at) + limits::connection_interval;
    return at;
  }

 private:
  // When the places given out so far are used up at the steady rate.
  MonotonicTime next_;
};

}  // namespace bridge
