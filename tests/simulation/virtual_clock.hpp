#pragma once

#include "bridge/core/values/time.hpp"
#include "tests/exchange/model/time.hpp"

namespace simulation {

/// Time of a simulation: how long it has been since the start.
using Instant = bridge::Duration;

inline constexpr Instant never = Instant::max();

/// The only clock there is. It shows three things: the exchange's time, which is the true one; the
/// bridge's monotonic time, which runs as true time does; and the bridge's wall time, which drifts
/// and jumps.
class VirtualClock {
 public:
  /// A whole UTC minute, so that minutes of request weight begin with the simulation.
  static constexpr exchange::UnixMs start_ms = 1'795'350'000'000;

  Instant elapsed() const { return elapsed_; }
  void advance_to(Instant at) { elapsed_ = at; }

  exchange::UnixMs exchange_ms() const { return start_ms + elapsed_.count() / 1000; }
  static Instant instant_of(exchange::UnixMs ms) {
    return ms == exchange::never_ms ? never : Instant{(ms - start_ms) * 1000};
  }

  /// Of what the exchange's clock showed.
  static Instant instant_of(bridge::WallTime time) {
    return time - bridge::wall_time_from_ms(start_ms);
  }

  bridge::Now bridge_now() const {
    return {.monotonic = bridge::MonotonicTime{boot_ + elapsed_},
            .wall = bridge::wall_time_from_ms(start_ms) + elapsed_ + wall_error()};
  }
  static Instant instant_of(bridge::MonotonicTime time) {
    return time == bridge::never ? never : time.time_since_epoch() - boot_;
  }

  /// How far the bridge's wall clock is ahead of the truth.
  bridge::Duration wall_error() const {
    return wall_error_ + (elapsed_ - drifts_since_) * drift_ppm_ / 1'000'000;
  }
  void jump_wall(bridge::Duration by) { wall_error_ += by; }
  void set_drift(int ppm) {
    wall_error_ = wall_error();
    drifts_since_ = elapsed_;
    drift_ppm_ = ppm;
  }

 private:
  // The machine has been up for a while when the bridge starts.
  static constexpr bridge::Duration boot_ = std::chrono::hours{1};

  Instant elapsed_{};
  bridge::Duration wall_error_{};
  Instant drifts_since_{};
  int drift_ppm_ = 0;
};

}  // namespace simulation
