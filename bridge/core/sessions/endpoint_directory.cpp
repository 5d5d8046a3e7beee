#include "bridge/core/sessions/endpoint_directory.hpp"

#include <algorithm>
#include <span>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

std::span<const Endpoint> answers_to(Question question) {
  using enum Endpoint;
  static constexpr std::array positions{position_risk, position_risk_v2, account_v2};
  static constexpr std::array settings{symbol_config, position_risk_v2};
  static constexpr std::array position_mode{account_config, position_side_dual};
  switch (question) {
    case Question::positions: return positions;
    case Question::settings: return settings;
    case Question::position_mode: return position_mode;
  }
  BRIDGE_UNREACHABLE("not a Question");
}

}  // namespace

std::string_view to_string(Question question) {
  switch (question) {
    case Question::positions: return "positions";
    case Question::settings: return "leverage and margin types";
    case Question::position_mode: return "position mode";
  }
  BRIDGE_UNREACHABLE("not a Question");
}

std::optional<Endpoint> EndpointDirectory::endpoint_for(Question question,
                                                        MonotonicTime now) const {
  const auto endpoints = answers_to(question);
  const auto there = std::find_if(endpoints.begin(), endpoints.end(),
                                  [&](Endpoint one) { return !is_gone(one, now); });
  if (there != endpoints.end()) return *there;
  if (question == Question::positions) return endpoints.front();
  return std::nullopt;
}

bool EndpointDirectory::note_gone(Endpoint endpoint, MonotonicTime now) {
  const bool is_news = !is_gone(endpoint, now);
  if (is_news) gone_until_[static_cast<std::size_t>(endpoint)] = now + limits::gone_endpoint_pause;
  return is_news;
}

bool EndpointDirectory::is_gone(Endpoint endpoint, MonotonicTime now) const {
  return now < gone_until_[static_cast<std::size_t>(endpoint)];
}

}  // namespace bridge
