#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

enum class EventKind : std::uint8_t {
  frames_to_client,   // subject: a link
  frames_to_server,   // subject: a link
  request_to_server,  // subject: a request
  answer_to_client,   // subject: a request
  request_times_out,  // subject: a request
  fault,
  action,         // an account changes a setting
  check_account,  // subject: an account
  sweep,
};

struct Event {
  Instant at{};
  std::uint64_t order = 0;  // of two at the same time, the one that was scheduled first comes first
  EventKind kind = EventKind::sweep;
  std::uint64_t subject = 0;
};

/// What is going to happen, by time. The order is total, so it is the same in every run.
class EventQueue {
 public:
  void schedule(Instant at, EventKind kind, std::uint64_t subject = 0) {
    heap_.push_back({at, ++scheduled_, kind, subject});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  Instant next_at() const { return heap_.empty() ? never : heap_.front().at; }

  Event take() {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Event event = heap_.back();
    heap_.pop_back();
    return event;
  }

 private:
  static bool is_later(const Event& left, const Event& right) {
    return left.at != right.at ? left.at > right.at : left.order > right.order;
  }

  std::vector<Event> heap_;
  std::uint64_t scheduled_ = 0;
};

}  // namespace simulation
