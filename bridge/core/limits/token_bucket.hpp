#pragma once

#include <algorithm>
#include <cstdint>

#include "bridge/core/values/time.hpp"

namespace bridge {

// Lets `burst` through at once and one more every `interval`; what was not used is saved up to
// `burst` again.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t burst, Duration interval)
      : interval_{interval}, saved_{interval * (burst - 1)} {}

  // False: not yet.
  bool take(MonotonicTime now) {
    if (now < next_ - saved_) return false;
    next_ = std::max(next_, now) + interval_;
    return true;
  }

 private:
  Duration interval_;
  Duration saved_;
  // When the next one would come if they came evenly.
  MonotonicTime next_{};
};

}  // namespace bridge
