#include "tests/exchange/model/faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace exchange {
namespace {

constexpr std::array<std::pair<FaultKind, std::string_view>, 23> kind_names = {{
    {FaultKind::cut, "cut"},
    {FaultKind::silence, "silence"},
    {FaultKind::refuse_handshakes, "refuse_handshakes"},
    {FaultKind::rest_error, "rest_error"},
    {FaultKind::expire_key, "expire_key"},
    {FaultKind::delete_key, "delete_key"},
    {FaultKind::ban_address, "ban_address"},
    {FaultKind::half_open, "half_open"},
    {FaultKind::mute, "mute"},
    {FaultKind::slow, "slow"},
    {FaultKind::refuse_tls, "refuse_tls"},
    {FaultKind::too_many_requests, "too_many_requests"},
    {FaultKind::rest_delay, "rest_delay"},
    {FaultKind::rest_shuffle, "rest_shuffle"},
    {FaultKind::rest_lag, "rest_lag"},
    {FaultKind::server_time, "server_time"},
    {FaultKind::clock_step, "clock_step"},
    {FaultKind::change_key, "change_key"},
    {FaultKind::ignore_events, "ignore_events"},
    {FaultKind::duplicate_events, "duplicate_events"},
    {FaultKind::lose_events, "lose_events"},
    {FaultKind::silence_symbol, "silence_symbol"},
    {FaultKind::malformed_frames, "malformed_frames"},
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

auto meets_attempt(const RestAttempt& attempt) {
  return [&attempt](const Fault& fault) {
    return matches_endpoint(fault, attempt) && matches_account(fault, attempt.account);
  };
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

const std::vector<FaultKind>& all_fault_kinds() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> list;
    for (const auto& [kind, name] : kind_names) list.push_back(kind);
    return list;
  }();
  return kinds;
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

std::optional<Fault> FaultPlan::on_request(const RestAttempt& attempt, UnixMs now) {
  if (const Fault* const error = strike(FaultKind::rest_error, now, meets_attempt(attempt))) {
    return *error;
  }
  const Fault* const refusal = strike(FaultKind::too_many_requests, now, meets_attempt(attempt));
  if (refusal == nullptr) return std::nullopt;
  Fault left = *refusal;
  for (const Active& active : active_) {
    if (&active.fault == refusal && active.until != never_ms) left.duration_ms = active.until - now;
  }
  return left;
}

UnixMs FaultPlan::answer_delay(const RestAttempt& attempt, UnixMs now) {
  UnixMs delay = 0;
  if (const Fault* const fault = strike(FaultKind::rest_delay, now, meets_attempt(attempt))) {
    delay += fault->delay_ms;
  }
  if (const Fault* const fault = strike(FaultKind::rest_shuffle, now, meets_attempt(attempt))) {
    delay += random_.between(0, fault->delay_ms);
  }
  return delay;
}

UnixMs FaultPlan::answer_lag(const RestAttempt& attempt, UnixMs now) {
  const Fault* const fault = strike(FaultKind::rest_lag, now, meets_attempt(attempt));
  return fault == nullptr ? 0 : fault->delay_ms;
}

std::optional<Fault> FaultPlan::on_handshake(Route route, std::string_view account, UnixMs now) {
  const auto meets = [&](const Fault& fault) {
    return matches_route(fault, route) && matches_account(fault, account);
  };
  const Fault* const fault = strike(FaultKind::refuse_handshakes, now, meets);
  return fault == nullptr ? std::nullopt : std::optional<Fault>(*fault);
}

bool FaultPlan::refuses_connection(UnixMs now) {
  return strike(FaultKind::refuse_tls, now, [](const Fault&) { return true; }) != nullptr;
}

bool FaultPlan::changes_key(std::string_view account, UnixMs now) {
  const auto meets = [account](const Fault& fault) { return matches_account(fault, account); };
  return strike(FaultKind::change_key, now, meets) != nullptr;
}

bool FaultPlan::ignores_events(std::string_view account, UnixMs now) {
  const auto meets = [account](const Fault& fault) { return matches_account(fault, account); };
  return strike(FaultKind::ignore_events, now, meets) != nullptr;
}

bool FaultPlan::strikes_event(FaultKind kind, std::string_view account, std::string_view event_type,
                              UnixMs now) {
  const auto meets = [&](const Fault& fault) {
    const bool meant =
        fault.event.empty() ? event_type != "listenKeyExpired" : fault.event == event_type;
    return meant && matches_account(fault, account);
  };
  return strike(kind, now, meets) != nullptr;
}

bool FaultPlan::loses_event(std::string_view account, std::string_view event_type, UnixMs now) {
  return strikes_event(FaultKind::lose_events, account, event_type, now);
}

bool FaultPlan::duplicates_event(std::string_view account, std::string_view event_type,
                                 UnixMs now) {
  return strikes_event(FaultKind::duplicate_events, account, event_type, now);
}

bool FaultPlan::silences_symbol(std::string_view symbol, UnixMs now) {
  const auto meets = [symbol](const Fault& fault) { return fault.symbol == symbol; };
  return strike(FaultKind::silence_symbol, now, meets) != nullptr;
}

UnixMs FaultPlan::offset_of(FaultKind kind, UnixMs now) {
  if (active_.empty()) return 0;
  drop_ended(now);
  UnixMs offset = 0;
  for (const Active& active : active_) {
    if (active.fault.kind == kind) offset += active.fault.offset_ms;
  }
  return offset;
}

}  // namespace exchange
