#include "bridge/core/sessions/reconciler.hpp"

#include <string>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/limits/rest_verdict.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

std::string describe(const Position& position) {
  return position.amount.to_string() + " @ " + position.entry_price.to_string();
}

std::string describe(const PositionBook::Settings& settings) {
  const std::string leverage = settings.leverage ? std::to_string(*settings.leverage) : "unknown";
  const std::string_view type = settings.margin_type ? to_string(*settings.margin_type) : "unknown";
  return leverage + "x " + std::string{type};
}

}  // namespace

std::string_view to_string(ReconcileOutcome outcome) {
  switch (outcome) {
    case ReconcileOutcome::clean: return "clean";
    case ReconcileOutcome::corrected: return "corrected";
    case ReconcileOutcome::failed: return "failed";
  }
  BRIDGE_UNREACHABLE("not a ReconcileOutcome");
}

Reconciler::Reconciler(const Account& account, ReconcilePlan& plan, std::uint64_t seed)
    : account_{account},
      plan_{plan},
      schedule_{plan, seed, account.number},
      look_{account.look, Urgency::routine} {}

void Reconciler::stop() {
  pause();
  corrections_in_a_row_ = 0;
}

void Reconciler::pause() {
  schedule_.stop();
  look_.abandon();
}

void Reconciler::watch(bool is_watched, MonotonicTime now) {
  if (std::exchange(is_watched_, is_watched) == is_watched) return;
  if (is_watched) {
    plan_.watch_one_more();
  } else {
    plan_.watch_one_less();
  }
  schedule_.watch(is_watched, now);
}

void Reconciler::wake(Now now) {
  if (!schedule_.wake(now.monotonic)) return;
  findings_ = {.certain_before = account_.clock.at_least(now.monotonic) - limits::rest_lag_max};
  look_.begin(schedule_.looks_at_settings() ? AccountLook::Scope::everything
                                            : AccountLook::Scope::positions,
              now.monotonic);
}

std::optional<Reconciler::Result> Reconciler::answer(RequestNumber request, RestReply reply,
                                                     Now now) {
  const auto taken = look_.take(request, std::move(reply), now.monotonic);
  if (taken) {
    if (const auto* failure = std::get_if<RestFailure>(&*taken)) {
      findings_.failed = true;
      log(LogLevel::warn,
          "the account could not be compared with the exchange: " + bridge::describe(*failure));
    } else if (const auto* positions = std::get_if<PositionRows>(&*taken)) {
      compare(*positions, now);
    } else if (const auto* configs = std::get_if<SymbolConfigs>(&*taken)) {
      compare(*configs, now);
    }
  }
  if (look_.is_under_way()) return std::nullopt;
  return end(now);
}

void Reconciler::compare(const PositionRows& positions, Now now) {
  const auto result =
      account_.feed.reconcile(account_.number, positions, findings_.certain_before, now);
  for (const auto& correction : result.corrections) {
    log(LogLevel::error, "corrected " + correction.symbol + " " +
                             std::string{to_string(correction.position_side)} + ": had " +
                             describe(correction.before) + ", the exchange says " +
                             describe(correction.after));
  }
  if (!result.corrections.empty()) findings_.corrected = true;
  if (result.undecided > 0) findings_.undecided = true;
}

void Reconciler::compare(const SymbolConfigs& configs, Now now) {
  const auto result =
      account_.feed.reconcile(account_.number, configs, findings_.certain_before, now);
  for (const auto& correction : result.corrections) {
    log(LogLevel::error, "corrected the settings of " + correction.symbol + ": had " +
                             describe(correction.before) + ", the exchange says " +
                             describe(correction.after));
  }
  if (!result.corrections.empty()) findings_.corrected = true;
  if (result.undecided > 0) findings_.undecided = true;
}

Reconciler::Result Reconciler::end(Now now) {
  const bool settings_were_due = schedule_.looks_at_settings();
  schedule_.done(findings_.undecided, now.monotonic);
  if (settings_were_due && (findings_.failed || findings_.undecided))
    schedule_.look_at_settings_next();
  if (findings_.corrected) {
    ++corrections_in_a_row_;
    return {ReconcileOutcome::corrected, !findings_.failed};
  }
  if (findings_.failed) return {ReconcileOutcome::failed, false};
  if (!findings_.undecided) corrections_in_a_row_ = 0;
  return {ReconcileOutcome::clean, true};
}

}  // namespace bridge
