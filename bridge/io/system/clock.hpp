#pragma once

#include <chrono>

#include "bridge/core/values/time.hpp"

// The only place that asks what time it is.
namespace bridge {

inline MonotonicTime read_monotonic_clock() {
  return MonotonicTime{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

inline WallTime read_wall_clock() {
  return WallTime{
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

inline Now read_clocks() {
  return {.monotonic = read_monotonic_clock(), .wall = read_wall_clock()};
}

// A deadline as Asio's timers take it.
inline std::chrono::steady_clock::time_point to_steady_time(MonotonicTime time) {
  if (time == never) return std::chrono::steady_clock::time_point::max();
  return std::chrono::steady_clock::time_point{time.time_since_epoch()};
}

}  // namespace bridge
