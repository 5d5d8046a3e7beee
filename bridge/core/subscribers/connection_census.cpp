#include "bridge/core/subscribers/connection_census.hpp"

#include <algorithm>

namespace bridge {

void ConnectionCensus::accepted(Connection connection, MonotonicTime now) {
  accepted_at_[connection] = now;
  ++without_end_;
}

void ConnectionCensus::disconnected(Connection connection) {
  accepted_at_.erase(connection);
}

std::uint64_t ConnectionCensus::take_turned_away(MonotonicTime now) {
  // Those may still be at it.
  const auto young = std::count_if(
      accepted_at_.begin(), accepted_at_.end(),
      [&](const auto& connection) { return now - connection.second < handshake_max_; });
  const std::int64_t turned_away = std::max<std::int64_t>(without_end_ - young, 0);
  without_end_ -= turned_away;
  return static_cast<std::uint64_t>(turned_away);
}

}  // namespace bridge
