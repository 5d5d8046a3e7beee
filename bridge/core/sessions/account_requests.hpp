#pragma once

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"

namespace bridge {

// Numbers the requests of one account, whichever part of its session sends them.
class AccountRequests {
 public:
  // The effects outlive it.
  explicit AccountRequests(Effects& effects) : effects_{effects} {}

  RequestNumber send(Endpoint endpoint, Urgency urgency) {
    effects_.add(effect::Request{++last_, endpoint, urgency});
    return last_;
  }

 private:
  Effects& effects_;
  RequestNumber last_ = 0;
};

}  // namespace bridge
