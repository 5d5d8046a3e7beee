#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/positions/publications.hpp"
#include "tests/simulation/driver.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/subscriber.hpp"
#include "tests/simulation/truth.hpp"

namespace simulation {

/// What a checker found, in its own words.
struct Violation {
  std::string_view checker;
  std::string text;
};

/// Everything that there is to look at.
struct Scene {
  const Options& options;
  const VirtualClock& clock;
  exchange::Exchange& exchange;
  const Network& network;
  const Driver& driver;
  const Subscriber& subscriber;
  Truth& truth;
  /// Until when the bridge's process stands still; in the past: it runs.
  const Instant& paused_until;
  /// The first violation; a simulation ends with it.
  std::optional<Violation>& violation;

  /// Also in the moment in which it goes on: it may not have been woken yet.
  bool is_paused() const { return clock.elapsed() <= paused_until; }
  std::string account_name(AccountIndex account) const {
    return driver.feed().identity(account).name;
  }
};

/// Watches for one thing that must never happen. It sees everything and changes nothing.
class Checker {
 public:
  explicit Checker(Scene& scene) : scene_(scene) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  virtual std::string_view name() const = 0;

  /// Something is being published; the subscriber does not know it yet.
  virtual void published_position(const bridge::PositionUpdate&, AccountIndex) {}
  virtual void published_status(const bridge::AccountStatus&, AccountIndex) {}
  /// The bridge has done everything that followed from something which concerned the account.
  virtual void settled(AccountIndex) {}
  /// Every second.
  virtual void sweep() {}
  /// Faults have stopped, and there was time to recover.
  virtual void recovered() {}
  /// Nothing has moved for a while: the very end.
  virtual void finished() {}

 protected:
  const Scene& scene() const { return scene_; }
  void report(std::string text) const {
    if (!scene_.violation) scene_.violation = Violation{name(), std::move(text)};
  }
  bool is_live(AccountIndex account) const { return scene_.subscriber.account(account).is_live(); }

 private:
  Scene& scene_;
};

}  // namespace simulation
