#pragma once

#include <cstdint>
#include <optional>

#include "bridge/core/values/time.hpp"

namespace bridge {

// Asks a connection at intervals what it is subscribed to. A pong shows that a machine is there;
// the answer to this shows that the exchange still serves the connection, and what it believes to
// send on it. Says when to ask and when the answer is overdue; who asks, sends.
class SubscriptionProbe {
 public:
  enum class Due : std::uint8_t {
    nothing,
    ask,         // with asked_id()
    unanswered,  // limits::probe_timeout is over: extend() or give_up()
  };

  // The first question is due at once, the next ones at intervals.
  void start(MonotonicTime now) { ask_at_ = now; }
  // A question is due now, whatever the interval; one that is under way no longer counts.
  void ask_now(MonotonicTime now);
  void stop();

  // Says what is due and takes it as done.
  Due wake(MonotonicTime now, std::uint64_t next_id);
  MonotonicTime deadline() const { return asked_id_ ? overdue_at_ : ask_at_; }

  // Waits once more as long for the answer to the question that is under way.
  void extend(MonotonicTime now);
  bool was_extended() const { return was_extended_; }
  // There will be no answer; the next question is due after an interval.
  void give_up(MonotonicTime now);
  MonotonicTime asked_at() const { return asked_at_; }

  std::uint64_t asked_id() const { return *asked_id_; }
  // Whether this answers the question that is under way. An answer that lost its id does: nothing
  // else is asked in this way.
  bool take_answer(std::optional<std::uint64_t> id, MonotonicTime now);

 private:
  MonotonicTime ask_at_ = never;
  MonotonicTime asked_at_;
  MonotonicTime overdue_at_ = never;
  bool was_extended_ = false;
  std::optional<std::uint64_t> asked_id_;  // under way
};

}  // namespace bridge
