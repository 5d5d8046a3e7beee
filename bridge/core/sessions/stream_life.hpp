#pragma once

#include <cstdint>

#include "bridge/core/values/time.hpp"

namespace bridge {

// The life of one WebSocket connection of either kind: how long opening may take, when to ping, and
// when a silent connection is a dead one. Anything that arrives is a sign of life, control frames
// included; the absence of data never is a sign of death, since quiet accounts and markets exist.
class StreamLife {
 public:
  enum class Phase : std::uint8_t { closed, opening, open };

  // What is due.
  enum class Due : std::uint8_t {
    nothing,
    ping,
    give_up_opening,  // the handshake did not come to an end
    give_up_silent,   // nothing came for stream_silence_max, not even a pong
    rotate,           // it is old: to be replaced before the exchange cuts it
  };

  void opening(MonotonicTime now);
  // `rotate_at`: when it is to be replaced.
  void opened(MonotonicTime now, MonotonicTime rotate_at = never);
  // Not now, but then.
  void rotate_later(MonotonicTime at) { rotate_at_ = at; }
  void heard(MonotonicTime now) { heard_at_ = now; }
  void closed() { phase_ = Phase::closed; }

  Phase phase() const { return phase_; }
  bool is_open() const { return phase_ == Phase::open; }
  // Whether anything has come since then.
  bool was_heard_since(MonotonicTime time) const { return heard_at_ > time; }
  // Whether it has been open long enough to say that connecting works again.
  bool was_stable(MonotonicTime now) const;

  // Says what is due and takes it as done; the caller does it.
  Due wake(MonotonicTime now);
  MonotonicTime deadline() const;

 private:
  Phase phase_ = Phase::closed;
  MonotonicTime opened_at_;  // while opening: when that began
  MonotonicTime heard_at_;
  MonotonicTime ping_due_;
  MonotonicTime rotate_at_ = never;
};

}  // namespace bridge
