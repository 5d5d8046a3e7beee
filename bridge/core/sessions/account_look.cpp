#include "bridge/core/sessions/account_look.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "bridge/core/limits/rest_verdict.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

// The settings of symbols, as rows of v2 show them.
SymbolConfigs settings_shown_by(const PositionRows& positions) {
  SymbolConfigs configs;
  for (const PositionRow& row : positions.rows)
    configs.rows.push_back(
        {.symbol = row.symbol, .margin_type = row.margin_type, .leverage = row.leverage});
  return configs;
}

}  // namespace

void AccountLook::begin(Scope scope, MonotonicTime now) {
  abandon();
  if (scope == Scope::everything) {
    ask(asked_[0], Question::position_mode, now);
    ask(asked_[1], Question::settings, now);
  }
  ask(asked_[2], Question::positions, now);
}

void AccountLook::ask(Asked& place, Question question, MonotonicTime now) {
  place = {};
  const auto endpoint = context_.endpoints.endpoint_for(question, now);
  if (endpoint) place = {context_.requests.send(*endpoint, urgency_), question, *endpoint};
}

bool AccountLook::awaits(RequestNumber request) const {
  return request != 0 && std::any_of(asked_.begin(), asked_.end(), [request](const Asked& asked) {
           return asked.request == request;
         });
}

bool AccountLook::is_under_way() const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [](const Asked& asked) { return asked.request != 0; });
}

std::optional<RestReply> AccountLook::take(RequestNumber request, RestReply reply,
                                           MonotonicTime now) {
  BRIDGE_ASSERT(awaits(request));
  Asked& place = *std::find_if(asked_.begin(), asked_.end(),
                               [request](const Asked& one) { return one.request == request; });
  const Asked asked = std::exchange(place, {});
  const auto* failure = std::get_if<RestFailure>(&reply);
  if (failure == nullptr) return understood(asked, std::move(reply), now);
  place = asked;
  if (ask_elsewhere(place, *failure, now)) return std::nullopt;
  place = {};
  return reply;
}

// False if the question has no other endpoint, or if this one only failed.
bool AccountLook::ask_elsewhere(Asked& place, const RestFailure& failure, MonotonicTime now) {
  if (verdict(failure) != RestVerdict::path_is_gone) return false;
  const Asked gone = place;
  const bool is_news = context_.endpoints.note_gone(gone.endpoint, now);
  const auto next = context_.endpoints.endpoint_for(gone.question, now);
  const bool is_hopeless = gone.question == Question::positions && next == Endpoint::position_risk;
  if (is_news) {
    const std::string instead = next && !is_hopeless
                                    ? "asking " + std::string{to_string(*next)} + " instead"
                                    : "there is nothing else to ask";
    context_.effects.log(LogLevel::warn, "the exchange does not have " +
                                             std::string{to_string(gone.endpoint)} + " (" +
                                             describe(failure) + "); for the " +
                                             std::string{to_string(gone.question)} + ", " +
                                             instead + " for the next hour");
  }
  if (is_hopeless) return false;
  ask(place, gone.question, now);
  return true;
}

std::optional<RestReply> AccountLook::understood(const Asked& asked, RestReply reply,
                                                 MonotonicTime now) {
  if (const auto* config = std::get_if<AccountConfig>(&reply)) {
    context_.position_mode.see(config->position_mode);
    return std::nullopt;
  }
  auto* const positions = std::get_if<PositionRows>(&reply);
  if (positions == nullptr) return reply;
  if (asked.question == Question::settings) return settings_shown_by(*positions);
  if (!context_.position_mode.is_known() ||
      !context_.endpoints.endpoint_for(Question::position_mode, now))
    context_.position_mode.see(*positions);
  // v2 has a row for each symbol that there is. One without a position says no more than none.
  if (asked.endpoint != Endpoint::position_risk)
    std::erase_if(positions->rows, [](const PositionRow& row) { return row.amount.is_zero(); });
  return reply;
}

}  // namespace bridge
