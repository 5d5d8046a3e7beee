#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/limits/token_bucket.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Somebody wants to know what is: `scope` is "all" or the name of an account. The answer goes out
// under `topic`, to whoever subscribed to exactly that.
struct SnapshotRequest {
  std::string topic;
  std::string scope;
};

// Decides when a request for a snapshot is answered: at once, as long as there are few of them, and
// else in turn, `limits::snapshots_per_second` of them, so that many who ask at once do not delay
// what the others are sent. One that waits is forgotten when nobody wants its answer any more.
class SnapshotQueue {
 public:
  SnapshotQueue();

  // False: too many are waiting, this one will not be answered.
  bool ask(SnapshotRequest request);

  // One who asked for `topic` does not want the answer any more, or has it.
  void withdraw(std::string_view topic);

  // Whose turn it is; it counts as answered then. Nothing: nobody's, or not yet.
  std::optional<SnapshotRequest> next(MonotonicTime now);

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    SnapshotRequest request;
    std::size_t askers = 1;
  };
  std::deque<Waiting>::iterator find(std::string_view topic);

  std::deque<Waiting> waiting_;
  TokenBucket answers_;
};

}  // namespace bridge
