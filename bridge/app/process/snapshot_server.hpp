#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bridge/app/bus/bus.hpp"
#include "bridge/app/drivers/environment_driver.hpp"
#include "bridge/app/log/repeat_limiter.hpp"
#include "bridge/core/subscribers/snapshot_queue.hpp"
#include "bridge/core/values/counter.hpp"

namespace bridge {

// Answers whoever subscribes to a topic of its own for the present state. The answer goes the way
// of all messages, on the main loop, so it stands among them where it is true: what the asker has
// received of an account before, and what has an `account_seq` up to that of the answer, is in it.
// The messages of one answer follow each other without another one between them.
//
// An account that this bridge does not run is answered as one that is stopped and of which nothing
// is known: whoever asks by a wrong name is told so, and does not wait for ever.
class SnapshotServer {
 public:
  using Drivers = std::vector<std::unique_ptr<EnvironmentDriver>>;
  // Both outlive the server.
  SnapshotServer(Bus& bus, const Drivers& drivers);

  // Takes what subscribers asked for since the last call, and answers those whose turn it is.
  void serve();

  // Read by the metrics thread.
  enum class Refusal : std::uint8_t { malformed, too_many };
  static constexpr int refusal_count = 2;
  const Counter& served() const { return served_; }
  const Counters<Refusal, refusal_count>& refused() const { return refused_; }

 private:
  void hear(const Subscription& subscription);
  void refuse(Refusal refusal, std::string_view peer, std::string_view what);
  void answer(const SnapshotRequest& request);
  void answer_for_account(const SnapshotRequest& request, const PositionFeed& feed,
                          PositionFeed::AccountNumber account);

  Bus& bus_;
  const Drivers& drivers_;
  SnapshotQueue queue_;
  RepeatLimiter repeats_;
  Counter served_;
  Counters<Refusal, refusal_count> refused_;
};

std::string_view to_string(SnapshotServer::Refusal refusal);  // malformed, too_many

}  // namespace bridge
