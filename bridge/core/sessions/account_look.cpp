#include "bridge/core/sessions/account_look.hpp"

#include <algorithm>

#include "bridge/core/values/assert.hpp"

namespace bridge {

void AccountLook::begin(Scope scope) {
  awaited_ = {};
  if (scope == Scope::everything) {
    awaited_[0] = requests_.send(Endpoint::account_config, urgency_);
    awaited_[1] = requests_.send(Endpoint::symbol_config, urgency_);
  }
  awaited_[2] = requests_.send(Endpoint::position_risk, urgency_);
}

bool AccountLook::awaits(RequestNumber request) const {
  return request != 0 && std::find(awaited_.begin(), awaited_.end(), request) != awaited_.end();
}

void AccountLook::answered(RequestNumber request) {
  BRIDGE_ASSERT(awaits(request));
  *std::find(awaited_.begin(), awaited_.end(), request) = 0;
}

}  // namespace bridge
