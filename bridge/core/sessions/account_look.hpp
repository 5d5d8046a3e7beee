#pragma once

#include <array>
#include <cstdint>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/sessions/account_requests.hpp"

namespace bridge {

// One look at an account over REST: at its positions and, where wanted, at its position mode and
// the settings of its symbols. Sends the requests and knows which are still unanswered.
class AccountLook {
 public:
  enum class Scope : std::uint8_t { positions, everything };

  // `requests` outlives it.
  AccountLook(AccountRequests& requests, Urgency urgency)
      : requests_{requests}, urgency_{urgency} {}

  // Gives up the one before, if its answers are still due.
  void begin(Scope scope);
  void abandon() { awaited_ = {}; }

  bool awaits(RequestNumber request) const;
  bool is_under_way() const { return awaited_ != Awaited{}; }
  // The request, which is awaited, has its answer.
  void answered(RequestNumber request);

 private:
  using Awaited = std::array<RequestNumber, 3>;

  AccountRequests& requests_;
  const Urgency urgency_;
  Awaited awaited_{};  // 0: none
};

}  // namespace bridge
