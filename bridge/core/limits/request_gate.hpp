#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// The one way to the REST side of a host. What its accounts ask for waits here until the address
// may ask: within its request weight, few at a time, the vital before the routine, and not at all
// while the exchange has told the address to be silent. A ban meets every account of an address,
// so no account decides for itself whether to ask.
class RequestGate {
 public:
  // Whose request it is; the gate only hands it back.
  using Owner = std::uint32_t;

  struct Ticket {
    Owner owner = 0;
    effect::Request request;
  };

  // The clock, whose minutes the exchange counts weight by, outlives the gate.
  explicit RequestGate(const ExchangeClock& clock) : clock_{clock} {}

  void submit(Ticket ticket);
  // The next request that may be sent now. Each one that is taken is to be answered(), or
  // withdrawn() when nobody wants the answer any more.
  std::optional<Ticket> release(Now now);
  void withdrawn(const Ticket& ticket);
  // `used_weight`: what the answer says that the address has used in this minute; negative or
  // absent: it does not say.
  void answered(const RestReply& reply, std::optional<std::int64_t> used_weight, Now now);

  // When release() may have something that it has not now, if nothing is submitted or answered.
  MonotonicTime deadline() const;

  // While the exchange has told the address to be silent: a sentence for every account. Otherwise
  // empty. Moves only in release() and answered().
  const std::string& notice() const { return notice_; }

  struct Metrics {
    Gauge<std::int64_t> used_weight;      // in the current minute of the exchange's clock
    Gauge<std::int64_t> silent_until_us;  // wall time; 0: it may ask
    Gauge<std::uint64_t> waiting;
    Counter slow_downs;  // 429
    Counter bans;        // 418
  };
  const Metrics& metrics() const { return metrics_; }

 private:
  bool is_silent(Now now);
  void begin_minute(Now now);
  void be_silent(const RestFailure& failure, Now now);
  bool has_weight_for(const Ticket& ticket) const;
  std::size_t waiting_count() const;

  const ExchangeClock& clock_;
  std::array<std::deque<Ticket>, urgency_count> waiting_;
  int in_flight_ = 0;
  std::int64_t minute_ = 0;  // of the exchange's clock
  std::int64_t used_weight_ = 0;
  MonotonicTime next_minute_at_ = never;
  MonotonicTime silent_until_;
  bool out_of_weight_ = false;  // something waits for the next minute
  std::string notice_;
  Metrics metrics_;
};

}  // namespace bridge
