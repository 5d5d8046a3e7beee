#pragma once

#include <optional>

#include "bridge/core/counter.hpp"
#include "bridge/core/time.hpp"

namespace bridge {

// What the exchange's clock shows, estimated from its answers to `GET /time`.
//
// The estimate never runs ahead: the exchange refuses a timestamp that is more than a second in its
// future, but forgives one that is up to recvWindow old. The time in an answer was true when it was
// sent, so "server time - our time when it arrived" is a lower bound of the offset; the best bound
// of a round of answers is the largest.
class ExchangeClock {
 public:
  bool is_known() const { return offset_.has_value(); }

  // An answer that arrived at `received` and said `server_time`.
  void learn(WallTime server_time, WallTime received) {
    offset_ = server_time - received;
    offset_gauge_.set(offset_->count());
  }

  // Not after the true time of the exchange, as far as our own clock has not jumped since.
  WallTime at_least(WallTime local) const { return local + offset_.value_or(Duration::zero()); }

  Duration offset() const { return offset_.value_or(Duration::zero()); }

  // For the metrics thread, in microseconds.
  const Gauge<std::int64_t>& offset_gauge() const { return offset_gauge_; }

 private:
  std::optional<Duration> offset_;
  Gauge<std::int64_t> offset_gauge_;
};

}  // namespace bridge
