#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/values/log_level.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What is to be said of a fact.
struct RepeatedLine {
  LogLevel level = LogLevel::info;
  std::string account;
  std::string message;
};

// Lets the same fact through once in a while, and counts what it holds back meanwhile.
//
// Facts are told apart by a key that the caller chooses; it should not hold what changes from one
// occurrence to the next (a price, a byte offset). At most keys_max are remembered: when more come
// at once, the one that was let through longest ago is forgotten, and what it held back with it.
class RepeatLimiter {
 public:
  struct HeldBack {
    std::string key;
    std::uint64_t count = 0;
    RepeatedLine last;
  };

  explicit RepeatLimiter(Duration interval, std::size_t keys_max = 1024);

  // May it be said now? If so: how often it was held back since it was last said. If not: nothing.
  std::optional<std::uint64_t> admit(std::string_view key, MonotonicTime now,
                                     RepeatedLine line = {});

  // Forgets what was not said for an interval, and returns those of it that held something back, so
  // that the end of a burst is reported too. Sorted by key.
  std::vector<HeldBack> expire(MonotonicTime now);

  Duration interval() const { return interval_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    MonotonicTime admitted;
    std::uint64_t held_back = 0;
    RepeatedLine last;  // of those held back
  };

  void make_room();

  Duration interval_;
  std::size_t keys_max_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace bridge
