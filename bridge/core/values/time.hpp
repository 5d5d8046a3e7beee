#pragma once

#include <chrono>
#include <cstdint>

// Two clocks, and they are two different things. Monotonic time is for deadlines and ages and
// never jumps; wall time is what is said to the outside, and may be wrong. Both count microseconds.
namespace bridge {

using Duration = std::chrono::microseconds;

// Tags only: nothing in the core can ask what time it is.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;  // since 1970-01-01T00:00:00Z
  static constexpr bool is_steady = false;
};

using MonotonicTime = MonotonicClock::time_point;
using WallTime = WallClock::time_point;

// The moment at which something is told to the core.
struct Now {
  MonotonicTime monotonic;
  WallTime wall;
};

constexpr MonotonicTime never = MonotonicTime::max();

// Binance counts milliseconds since 1970.
constexpr WallTime wall_time_from_ms(std::int64_t ms) {
  return WallTime{std::chrono::duration_cast<Duration>(std::chrono::milliseconds{ms})};
}

constexpr std::int64_t to_us(WallTime time) {
  return time.time_since_epoch().count();
}

constexpr std::int64_t to_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace bridge
