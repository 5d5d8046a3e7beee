#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Durations counted into buckets with fixed upper bounds (microseconds, ascending); the last bucket
// has none. One thread observes, any reads. The bounds outlive the histogram.
class Histogram {
 public:
  static constexpr std::size_t buckets_max = 16;

  explicit Histogram(std::span<const std::int64_t> bounds_us) : bounds_us_{bounds_us} {}

  // Below zero counts as zero: two clocks are involved, and a sum that falls breaks rate().
  void observe(Duration duration) {
    const std::int64_t us = duration.count() > 0 ? duration.count() : 0;
    std::size_t bucket = 0;
    while (bucket < bounds_us_.size() && us > bounds_us_[bucket]) ++bucket;
    counts_[bucket].add();
    sum_us_.add(static_cast<std::uint64_t>(us));
  }

  std::span<const std::int64_t> bounds_us() const { return bounds_us_; }
  // Of one bucket alone, not cumulated; `bucket` may be bounds_us().size().
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].read(); }
  std::uint64_t sum_us() const { return sum_us_.read(); }

 private:
  std::span<const std::int64_t> bounds_us_;
  std::array<Counter, buckets_max> counts_;
  Counter sum_us_;
};

}  // namespace bridge
