#include "bridge/core/subscribers/snapshot_queue.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/limits/limits.hpp"

namespace bridge {

SnapshotQueue::SnapshotQueue()
    : answers_{limits::snapshots_per_second,
               Duration{std::chrono::seconds{1}} / limits::snapshots_per_second} {}

bool SnapshotQueue::ask(SnapshotRequest request) {
  if (const auto known = find(request.topic); known != waiting_.end()) {
    ++known->askers;
    return true;
  }
  if (waiting_.size() >= limits::snapshots_waiting_max) return false;
  waiting_.push_back({std::move(request)});
  return true;
}

void SnapshotQueue::withdraw(std::string_view topic) {
  const auto found = find(topic);
  if (found != waiting_.end() && --found->askers == 0) waiting_.erase(found);
}

std::optional<SnapshotRequest> SnapshotQueue::next(MonotonicTime now) {
  if (waiting_.empty() || !answers_.take(now)) return std::nullopt;
  SnapshotRequest request = std::move(waiting_.front().request);
  waiting_.pop_front();
  return request;
}

std::deque<SnapshotQueue::Waiting>::iterator SnapshotQueue::find(std::string_view topic) {
  return std::find_if(waiting_.begin(), waiting_.end(),
                      [&](const Waiting& waiting) { return waiting.request.topic == topic; });
}

}  // namespace bridge
