#pragma once

#include <cstdint>

#include "bridge/core/values/time.hpp"

namespace bridge {

// A small seeded generator (SplitMix64), so that the same seed gives the same history.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next();
  // Uniform in [0, limit]; the bias of the remainder is far below anything that matters here.
  Duration up_to(Duration limit);

 private:
  std::uint64_t state_;
};

// How long to wait before the next attempt: exponential with full jitter, so that a thousand
// accounts that were cut together do not come back together. Success is not enough to start over: a
// server that accepts and drops would be hammered; only a stable time is.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_{seed} {}

  // The wait before the next attempt; each call without a reset between makes the next one longer.
  Duration next_delay();
  void reset() { failures_ = 0; }

 private:
  Random random_;
  int failures_ = 0;
};

}  // namespace bridge
