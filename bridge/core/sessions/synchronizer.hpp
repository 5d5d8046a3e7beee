#pragma once

#include <optional>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/sessions/account_look.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Makes the snapshot of an account whose user stream has just been opened: keeps the stream's
// events and reads the account over REST, limits::rest_lag_max later, because REST may lag: what
// happened right before the opening would be neither on the stream nor in the answer.
class Synchronizer {
 public:
  // What is referred to outlives it.
  Synchronizer(const AccountLook::Context& account, const ExchangeClock& clock)
      : clock_{clock}, look_{account, Urgency::synchronization} {}

  // The stream was opened.
  void begin(MonotonicTime now);
  void abandon();
  bool is_under_way() const { return is_under_way_; }

  // An event of the stream. False: there are too many to keep.
  [[nodiscard]] bool keep(const AccountUpdate& update);
  [[nodiscard]] bool keep(const LeverageChange& change);

  bool awaits(RequestNumber request) const { return look_.awaits(request); }
  // Returns the failure, if the answer was none and nothing else can be asked: then read_again().
  [[nodiscard]] std::optional<RestFailure> answer(RequestNumber request, RestReply reply,
                                                  MonotonicTime now);
  // After `delay`, reads everything again, so that the snapshot is of one time. The events are
  // kept.
  void read_again(Duration delay, MonotonicTime now);

  // Whether the exchange has answered everything.
  bool is_complete() const { return has_asked_ && !look_.is_under_way(); }
  // What was collected. Ends the synchronization.
  PositionFeed::Snapshot take();

  void wake(MonotonicTime now);
  MonotonicTime deadline() const { return ask_at_; }

 private:
  bool has_room() const;

  const ExchangeClock& clock_;
  AccountLook look_;
  bool is_under_way_ = false;
  bool has_asked_ = false;
  MonotonicTime ask_at_ = never;
  PositionFeed::Snapshot snapshot_;  // its events grow from the opening of the stream on
};

}  // namespace bridge
