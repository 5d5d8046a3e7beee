#pragma once

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Keeps the ExchangeClock of one environment: asks for the time at the start, every now and then,
// and whenever an account's timestamp was refused. While the exchange does not answer that, the
// clock follows the dates of its other answers, which are true to the second.
class ClockSession {
 public:
  ClockSession(ExchangeClock& clock, std::uint64_t seed) : clock_{clock}, backoff_{seed} {}

  void start(Now now) { due_ = now.monotonic; }
  void stop();
  // The exchange refused a timestamp: asks at once, however many ask for it, and believes the
  // answer rather than earlier ones.
  void synchronize(Now now);
  bool awaits(RequestNumber request) const { return request != 0 && request == request_; }
  void answer(RequestNumber request, const RestReply& reply, Now now);
  // The date of an answer, of whatever request; that of an answer to ours after answer().
  void hear_date(WallTime date, Now now);
  void wake(Now now);
  MonotonicTime deadline() const { return due_; }

  Effects& effects() { return effects_; }

 private:
  ExchangeClock& clock_;
  Backoff backoff_;
  Effects effects_;
  MonotonicTime due_ = never;
  MonotonicTime asked_at_;
  MonotonicTime gone_until_;  // the exchange has no such endpoint
  bool uses_dates_ = false;
  RequestNumber request_ = 0;  // under way; 0: none
  RequestNumber last_request_ = 0;
};

}  // namespace bridge
