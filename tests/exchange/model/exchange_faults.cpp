// What goes wrong on purpose.

#include "tests/exchange/model/exchange.hpp"

namespace exchange {

bool Exchange::matches(const Fault& fault, const Connection& connection) const {
  if (!fault.account.empty()) return connection.belongs_to(fault.account);
  switch (fault.scope) {
    case FaultScope::everything: return true;
    case FaultScope::market_connections: return connection.route() == Route::market;
    case FaultScope::user_connections: return connection.route() == Route::private_user;
  }
  return false;
}

void Exchange::for_members(const Fault& fault, const std::function<void(Member&)>& action) {
  for (const auto& member : world_.members) {
    if (fault.account.empty() || fault.account == member->name) action(*member);
  }
}

std::vector<ConnectionId> Exchange::struck_by(const Fault& fault) const {
  std::vector<ConnectionId> struck;
  for (const auto& [id, connection] : connections_) {
    if (matches(fault, connection)) struck.push_back(id);
  }
  return struck;
}

void Exchange::cut(const Fault& fault) {
  // 1006 is what a client sees when there was no close frame: it is never sent.
  const bool abrupt = fault.close_code == 0 || fault.close_code == 1006;
  const EffectKind how = abrupt ? EffectKind::drop : EffectKind::close;
  for (const ConnectionId id : struck_by(fault)) end(id, how, fault.close_code, fault.reason);
}

void Exchange::inject(const Fault& fault, UnixMs now) {
  advance(now);
  take_effect(fault, now);
}

void Exchange::take_effect(const Fault& fault, UnixMs now) {
  ++world_.statistics.faults[std::string(fault_kind_text(fault.kind))];
  switch (fault.kind) {
    case FaultKind::cut: return cut(fault);
    case FaultKind::silence:
      for (const ConnectionId id : struck_by(fault)) find(id)->silence();
      return;
    case FaultKind::half_open:
      for (const ConnectionId id : struck_by(fault)) forget(id);
      return;
    case FaultKind::mute:
      for (const ConnectionId id : struck_by(fault)) find(id)->mute();
      return;
    case FaultKind::expire_key:
      for_members(fault, [now](Member& member) { member.listen_key.end_life(now); });
      return expire_keys(now, fault.count);
    case FaultKind::delete_key:
      return for_members(fault, [](Member& member) { member.listen_key.remove(); });
    case FaultKind::ban_address: return world_.weight.ban(fault.address, now + fault.duration_ms);
    default: return world_.faults.add(fault, now);
  }
}

void Exchange::set_random_faults(const FaultProfile& profile, UnixMs now) {
  advance(now);
  random_faults_ = RandomFaults(profile, world_.seed, now);
}

void Exchange::clear_faults() {
  world_.faults.clear();
  random_faults_ = RandomFaults();
}

}  // namespace exchange
