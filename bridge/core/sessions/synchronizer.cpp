#include "bridge/core/sessions/synchronizer.hpp"

#include <utility>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {

void Synchronizer::begin(MonotonicTime now) {
  abandon();
  is_under_way_ = true;
  ask_at_ = now + limits::rest_lag_max;
}

void Synchronizer::abandon() {
  look_.abandon();
  is_under_way_ = has_asked_ = false;
  ask_at_ = never;
  snapshot_ = {};
}

bool Synchronizer::keep(const AccountUpdate& update) {
  snapshot_.account_updates.push_back(update);
  return has_room();
}

bool Synchronizer::keep(const LeverageChange& change) {
  snapshot_.leverage_changes.push_back(change);
  return has_room();
}

bool Synchronizer::has_room() const {
  return snapshot_.account_updates.size() + snapshot_.leverage_changes.size() <=
         limits::sync_buffer_max;
}

std::optional<RestFailure> Synchronizer::answer(RequestNumber request, RestReply reply,
                                                MonotonicTime now) {
  auto taken = look_.take(request, std::move(reply), now);
  if (!taken) return std::nullopt;
  if (auto* failure = std::get_if<RestFailure>(&*taken)) return std::move(*failure);
  if (auto* configs = std::get_if<SymbolConfigs>(&*taken))
    snapshot_.symbol_configs = std::move(*configs);
  if (auto* positions = std::get_if<PositionRows>(&*taken))
    snapshot_.positions = std::move(*positions);
  return std::nullopt;
}

void Synchronizer::read_again(Duration delay, MonotonicTime now) {
  BRIDGE_ASSERT(is_under_way_);
  look_.abandon();
  has_asked_ = false;
  ask_at_ = now + delay;
}

PositionFeed::Snapshot Synchronizer::take() {
  BRIDGE_ASSERT(is_complete());
  PositionFeed::Snapshot snapshot = std::move(snapshot_);
  abandon();
  return snapshot;
}

void Synchronizer::wake(MonotonicTime now) {
  if (now < ask_at_) return;
  ask_at_ = never;
  has_asked_ = true;
  snapshot_.certain_before = clock_.at_least(now) - limits::rest_lag_max;
  look_.begin(AccountLook::Scope::everything, now);
}

}  // namespace bridge
