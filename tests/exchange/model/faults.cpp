#include "tests/exchange/model/faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace exchange {
namespace {

constexpr std::array<std::pair<FaultKind, std::string_view>, 7> kind_names = {{
    {FaultKind::cut, "cut"},
    {FaultKind::silence, "silence"},
    {FaultKind::refuse_handshakes, "refuse_handshakes"},
    {FaultKind::rest_error, "rest_error"},
    {FaultKind::expire_key, "expire_key"},
    {FaultKind::delete_key, "delete_key"},
    {FaultKind::ban_address, "ban_address"},
}};

bool matches_endpoint(const Fault& fault, const RestAttempt& attempt) {
  if (fault.endpoint.empty() || fault.endpoint == attempt.path) return true;
  return fault.endpoint == std::string(attempt.method) + " " + std::string(attempt.path);
}

bool matches_route(const Fault& fault, Route route) {
  switch (fault.scope) {
    case FaultScope::everything: return true;
    case FaultScope::market_connections: return route == Route::market;
    case FaultScope::user_connections: return route == Route::private_user;
  }
  return false;
}

bool matches_account(const Fault& fault, std::string_view account) {
  return fault.account.empty() || fault.account == account;
}

}  // namespace

std::string_view fault_kind_text(FaultKind kind) {
  for (const auto& [known, name] : kind_names) {
    if (known == kind) return name;
  }
  return "";
}

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  for (const auto& [known, name] : kind_names) {
    if (name == text) return known;
  }
  return std::nullopt;
}

void FaultPlan::add(const Fault& fault, UnixMs now) {
  active_.push_back({.fault = fault,
                     .until = fault.duration_ms == 0 ? never_ms : now + fault.duration_ms,
                     .left = fault.count == 0 ? -1 : fault.count});
}

void FaultPlan::drop_ended(UnixMs now) {
  std::erase_if(active_,
                [now](const Active& active) { return active.until <= now || active.left == 0; });
}

std::size_t FaultPlan::active_count(UnixMs now) {
  drop_ended(now);
  return active_.size();
}

std::optional<Fault> FaultPlan::use(std::size_t index) {
  Active& active = active_[index];
  if (active.left > 0) --active.left;
  return active.fault;
}

std::optional<Fault> FaultPlan::on_request(const RestAttempt& attempt, UnixMs now) {
  drop_ended(now);
  for (std::size_t index = 0; index < active_.size(); ++index) {
    const Fault& fault = active_[index].fault;
    if (fault.kind == FaultKind::rest_error && matches_endpoint(fault, attempt) &&
        matches_account(fault, attempt.account)) {
      return use(index);
    }
  }
  return std::nullopt;
}

std::optional<Fault> FaultPlan::on_handshake(Route route, std::string_view account, UnixMs now) {
  drop_ended(now);
  for (std::size_t index = 0; index < active_.size(); ++index) {
    const Fault& fault = active_[index].fault;
    if (fault.kind == FaultKind::refuse_handshakes && matches_route(fault, route) &&
        matches_account(fault, account)) {
      return use(index);
    }
  }
  return std::nullopt;
}

}  // namespace exchange
