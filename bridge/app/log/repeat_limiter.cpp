#include "bridge/app/log/repeat_limiter.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/values/assert.hpp"

namespace bridge {

RepeatLimiter::RepeatLimiter(Duration interval, std::size_t keys_max)
    : interval_{interval}, keys_max_{keys_max} {
  BRIDGE_ASSERT(keys_max > 0);
}

std::optional<std::uint64_t> RepeatLimiter::admit(std::string_view key, MonotonicTime now,
                                                  RepeatedLine line) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    make_room();
    entries_.emplace(key, Entry{now, 0, {}});
    return 0;
  }
  Entry& entry = found->second;
  if (now - entry.admitted < interval_) {
    ++entry.held_back;
    entry.last = std::move(line);
    return std::nullopt;
  }
  const std::uint64_t held_back = entry.held_back;
  entry = {now, 0, {}};
  return held_back;
}

std::vector<RepeatLimiter::HeldBack> RepeatLimiter::expire(MonotonicTime now) {
  std::vector<HeldBack> ended;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (now - entry->second.admitted < interval_) {
      ++entry;
      continue;
    }
    if (entry->second.held_back > 0)
      ended.push_back({entry->first, entry->second.held_back, std::move(entry->second.last)});
    entry = entries_.erase(entry);
  }
  return ended;
}

void RepeatLimiter::make_room() {
  if (entries_.size() < keys_max_) return;
  entries_.erase(std::min_element(
      entries_.begin(), entries_.end(),
      [](const auto& a, const auto& b) { return a.second.admitted < b.second.admitted; }));
}

}  // namespace bridge
