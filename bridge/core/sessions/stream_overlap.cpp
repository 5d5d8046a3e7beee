#include "bridge/core/sessions/stream_overlap.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

// Removes the first one that is equal.
bool remove(std::deque<StreamOverlap::Event>& events, const StreamOverlap::Event& event) {
  const auto found = std::find(events.begin(), events.end(), event);
  if (found == events.end()) return false;
  events.erase(found);
  return true;
}

}  // namespace

void StreamOverlap::begin() {
  end();
  is_active_ = true;
}

void StreamOverlap::end() {
  is_active_ = false;
  pending_.clear();
  told_.clear();
}

bool StreamOverlap::take_from_serving(const Event& event, Now now) {
  if (!echoes_.empty()) {
    if (now.monotonic >= echoes_until_) echoes_.clear();
    if (remove(echoes_, event)) return false;
  }
  if (!is_active_) return true;
  const auto twin = std::find_if(pending_.begin(), pending_.end(),
                                 [&](const Received& received) { return received.event == event; });
  if (twin != pending_.end()) {
    pending_.erase(twin);
  } else {
    told_.push_back(event);
  }
  return true;
}

void StreamOverlap::take_from_successor(Event event, Now now) {
  if (!remove(told_, event)) pending_.push_back({std::move(event), now});
}

std::vector<StreamOverlap::Received> StreamOverlap::hand_over(MonotonicTime now) {
  std::vector<Received> untold{std::make_move_iterator(pending_.begin()),
                               std::make_move_iterator(pending_.end())};
  echoes_ = std::move(told_);
  // A connection that is slower than this is given up.
  echoes_until_ = now + limits::stream_silence_max;
  end();
  return untold;
}

bool StreamOverlap::is_overrun() const {
  return pending_.size() + told_.size() > limits::overlap_events_max;
}

}  // namespace bridge
