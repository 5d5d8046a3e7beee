#pragma once

#include <deque>
#include <variant>
#include <vector>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What two connections of one user stream bring while one takes over from the other: the same
// events, in the same order, each at its own pace. The serving one is believed as before; of the
// successor's events, those that the serving one has not brought are kept, and told when it takes
// over. So every event is told once and in order, whichever connection is ahead.
class StreamOverlap {
 public:
  using Event = std::variant<AccountUpdate, LeverageChange>;
  struct Received {
    Event event;
    Now at;
  };

  // The successor is open: what it brings counts from here on.
  void begin();
  // The successor is given up.
  void end();

  // Whether nothing has to be taken: no successor, no echo of the last one's predecessor.
  bool is_idle() const { return !is_active_ && echoes_.empty(); }
  // The serving connection brought an event. False: the one before it told it already.
  bool take_from_serving(const Event& event, Now now);
  void take_from_successor(Event event, Now now);
  // The successor serves now. What it brought that nobody has told, in order.
  std::vector<Received> hand_over(MonotonicTime now);

  // More than limits::overlap_events_max are waiting for their twins: something is wrong.
  bool is_overrun() const;

 private:
  bool is_active_ = false;
  std::deque<Received> pending_;  // of the successor, not told yet
  std::deque<Event> told_;        // by the serving connection, not brought by the successor yet
  std::deque<Event> echoes_;      // told before the last handover; may still come once more
  MonotonicTime echoes_until_;
};

}  // namespace bridge
