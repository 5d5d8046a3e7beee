#include "bridge/core/positions/account_standing.hpp"

#include <utility>

#include "bridge/core/values/assert.hpp"

namespace bridge {

void AccountStanding::set_user_phase(UserPhase phase, std::string detail) {
  user_phase_ = phase;
  user_detail_ = std::move(detail);
  user_warning_.clear();
}

void AccountStanding::set_synchronized(std::string detail) {
  user_phase_ = UserPhase::synchronized;
  user_detail_ = std::move(detail);
}

AccountStanding::Change AccountStanding::settle(const Surroundings& surroundings, WallTime now) {
  const AccountState state = derived_state(surroundings.mark_connected);
  std::string remarks_now = remarks(surroundings.notice);
  const bool is_same = is_said_ && state == state_ && user_connected_ == said_user_connected_ &&
                       surroundings.mark_connected == said_mark_connected_ &&
                       remarks_now == said_remarks_;
  if (is_same) return Change::none;

  const bool was_live_before = is_live();
  if (state != state_) since_ = now;
  state_ = state;
  if (is_live()) was_live_ = true;
  const bool mark_is_the_reason =
      user_phase_ == UserPhase::synchronized && !surroundings.mark_connected;
  detail_ = std::string{mark_is_the_reason ? surroundings.mark_detail : user_detail_} + remarks_now;
  is_said_ = true;
  said_remarks_ = std::move(remarks_now);
  said_user_connected_ = user_connected_;
  said_mark_connected_ = surroundings.mark_connected;
  return is_live() == was_live_before ? Change::said : Change::liveness;
}

AccountState AccountStanding::derived_state(bool mark_connected) const {
  const auto until_live = [&](AccountState state) {
    return was_live_ ? AccountState::stale : state;
  };
  switch (user_phase_) {
    case UserPhase::stopped: return AccountState::stopped;
    case UserPhase::failed: return AccountState::failed;
    case UserPhase::connecting: return until_live(AccountState::connecting);
    case UserPhase::syncing: return until_live(AccountState::syncing);
    case UserPhase::synchronized:
      return mark_connected ? AccountState::live : until_live(AccountState::syncing);
  }
  BRIDGE_UNREACHABLE("not a UserPhase");
}

// Each after a semicolon.
std::string AccountStanding::remarks(std::string_view notice) const {
  if (user_phase_ == UserPhase::stopped) return {};
  std::string text;
  for (const std::string_view remark : {std::string_view{user_warning_}, notice}) {
    if (!remark.empty()) text.append("; ").append(remark);
  }
  return text;
}

}  // namespace bridge
