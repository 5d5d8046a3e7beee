#pragma once

#include <cstdint>
#include <deque>

#include "bridge/core/positions/position_book.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

struct FeedAccount;

// One position as a subject of messages: its numbers, and what was said of it last.
struct Topic {
  FeedAccount* account = nullptr;
  const PositionBook::Entry* entry = nullptr;
  std::uint32_t number = 0;
  MonotonicTime opened_at;
  // Of its last message.
  std::uint64_t seq = 0;
  std::uint64_t account_seq = 0;
  WallTime received;
  PositionState published_state = PositionState::stale;
  bool is_published_open = false;

  bool is_published_stale() const {
    return is_published_open && published_state == PositionState::stale;
  }
};

// The topics of one account, and the numbers of its messages: `seq` counts those of a topic,
// `account_seq` all of the account. Neither ever has a hole.
class AccountTopics {
 public:
  // The topic of an entry of the account's book. Topics keep their addresses.
  Topic& of(const PositionBook& book, const PositionBook::Entry& entry, FeedAccount& account,
            std::uint32_t& topic_count) {
    // Entries are only ever added at the end of the book.
    while (topics_.size() <= entry.index) {
      Topic& topic = topics_.emplace_back();
      topic.account = &account;
      topic.entry = &book.entries()[topics_.size() - 1];
      topic.number = topic_count++;
    }
    return topics_[entry.index];
  }

  // A message of the topic, and one that is of the account alone.
  void number(Topic& topic) {
    ++topic.seq;
    topic.account_seq = ++account_seq_;
  }
  std::uint64_t number_status() { return ++account_seq_; }
  std::uint64_t account_seq() const { return account_seq_; }

  auto begin() const { return topics_.begin(); }
  auto end() const { return topics_.end(); }

 private:
  std::deque<Topic> topics_;  // by PositionBook::Entry::index
  std::uint64_t account_seq_ = 0;
};

}  // namespace bridge
