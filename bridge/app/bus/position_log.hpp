#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "bridge/core/positions/publications.hpp"

namespace bridge {

// Says in the log what subscribers are told of trust: what an account has become, and which of a
// live account's positions have no mark price to be valued at. Told of everything that is
// published; what goes on as it was costs next to nothing.
class PositionLog {
 public:
  void note(const AccountStatus& status);
  void note(const PositionUpdate& update) {
    if (update.trigger == Trigger::state || !unpriced_.empty()) look_at(update);
  }

 private:
  void look_at(const PositionUpdate& update);
  bool is_live(const std::string& account) const;

  std::map<std::string, AccountState, std::less<>> states_;  // by account
  std::set<std::uint32_t> unpriced_;                         // topics that were said to be stale
};

}  // namespace bridge
