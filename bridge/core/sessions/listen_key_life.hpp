#pragma once

#include <cstdint>
#include <optional>

#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// The listen key of an account and how long it lives: 60 minutes from the last time that the
// exchange granted or renewed it. Renewed after 25 to 30; a renewal that fails is tried again after
// one, two and then every four minutes; when the hour is over without one, the key is as good as
// dead, whether or not the exchange says so.
class ListenKeyLife {
 public:
  explicit ListenKeyLife(std::uint64_t seed) : random_{seed} {}

  enum class Due : std::uint8_t {
    nothing,
    renew,
    over,  // nobody has renewed it for its whole life
  };

  // The answer to POST. True if the key is another one than we had.
  bool granted(Secret key, MonotonicTime now);
  // The answers to PUT. A failure says after how long the next attempt is due.
  void renewed(MonotonicTime now);
  Duration renewal_failed(MonotonicTime now);
  // Something is odd: ask now whether the key still lives. Not while a renewal is under way.
  void doubt(MonotonicTime now);
  // No renewals until it is granted again; the key is remembered, to tell whether the next is new.
  void rest() { renewal_due_ = over_at_ = never; }
  void forget();

  // Null while there is none.
  const Secret* key() const { return key_ ? &*key_ : nullptr; }
  // When it dies unless it is renewed; never while nothing is known to be alive.
  MonotonicTime over_at() const { return over_at_; }

  // Says what is due and takes it as done.
  Due wake(MonotonicTime now);
  MonotonicTime deadline() const;

 private:
  Random random_;
  std::optional<Secret> key_;
  MonotonicTime renewal_due_ = never;  // never: a renewal is under way
  MonotonicTime over_at_ = never;
  Duration retry_{};
};

}  // namespace bridge
