#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What the exchange's clock shows, estimated from its answers to `GET /time`.
//
// The estimate never runs ahead: the exchange refuses a timestamp that is more than a second in its
// future, but forgives one that is up to recvWindow old. The time in an answer was true when it was
// sent, so it is a lower bound when it arrives, and of several answers the largest bound is the
// best. It goes on with our monotonic clock, so that a step of the wall clock leaves it alone.
class ExchangeClock {
 public:
  bool is_known() const { return offset_.has_value(); }

  // An answer that arrived at `received` and said `server_time`.
  void learn(WallTime server_time, Now received) {
    bounds_[next_bound_++ % bounds_.size()] =
        server_time.time_since_epoch() - received.monotonic.time_since_epoch();
    offset_ = *std::max_element(bounds_.begin(), bounds_.end());
    offset_to_wall_us_.set((at_least(received.monotonic) - received.wall).count());
  }

  // What was learned is wrong: the exchange's clock, or ours, has been set.
  void forget() { bounds_.fill(std::nullopt); }

  // Not after the true time of the exchange. Asserts nothing: before the first answer it is as good
  // as 1970, which no exchange takes for now.
  WallTime at_least(MonotonicTime now) const {
    return WallTime{now.time_since_epoch() + offset_.value_or(Duration::zero())};
  }

  // The exchange's clock less our wall clock, as of the last answer, in microseconds: for what is
  // measured and shown. Any thread may read it.
  std::int64_t offset_to_wall_us() const { return offset_to_wall_us_.read(); }

 private:
  std::optional<Duration> offset_;  // to the monotonic clock; the best of bounds_
  std::array<std::optional<Duration>, 3> bounds_;
  std::size_t next_bound_ = 0;
  Gauge<std::int64_t> offset_to_wall_us_;
};

}  // namespace bridge
