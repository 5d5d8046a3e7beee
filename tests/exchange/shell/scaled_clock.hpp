#pragma once

#include <chrono>

#include "tests/exchange/model/time.hpp"

namespace exchange {

/// The exchange's time: from `start`, as many times faster than the machine's monotonic clock as
/// `scale` says.
class ScaledClock {
 public:
  using Real = std::chrono::steady_clock;

  ScaledClock(UnixMs start, double scale) : start_(start), scale_(scale) {}

  UnixMs now() const {
    const std::chrono::duration<double, std::milli> passed = Real::now() - real_start_;
    return start_ + static_cast<UnixMs>(passed.count() * scale_);
  }

  /// When the machine's clock will show `time`; never before it does.
  Real::time_point real_time_of(UnixMs time) const {
    const std::chrono::duration<double, std::milli> ahead(static_cast<double>(time - start_) /
                                                          scale_);
    return real_start_ + std::chrono::ceil<std::chrono::microseconds>(ahead);
  }

 private:
  UnixMs start_;
  double scale_;
  Real::time_point real_start_ = Real::now();
};

}  // namespace exchange
