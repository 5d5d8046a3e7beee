#include "bridge/core/limits/rest_verdict.hpp"

#include <algorithm>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

// Binance's error codes, as its "Error Codes" pages name them.
constexpr int path_not_found = -5000;
constexpr int too_many_requests = -1003;
constexpr int invalid_timestamp = -1021;
constexpr int invalid_signature = -1022;
constexpr int invalid_listen_key = -1125;
constexpr int bad_api_key_format = -2014;
constexpr int rejected_api_key = -2015;
constexpr int api_keys_locked = -2017;

}  // namespace

RestVerdict verdict(const RestFailure& failure) {
  if (failure.kind != RestFailure::Kind::refused) return RestVerdict::try_again;
  switch (failure.code.value_or(0)) {
    case invalid_listen_key: return RestVerdict::listen_key_is_gone;
    case invalid_timestamp: return RestVerdict::clock_is_off;
    case too_many_requests: return RestVerdict::slow_down;
    case path_not_found: return RestVerdict::path_is_gone;
    case invalid_signature:
    case bad_api_key_format:
    case rejected_api_key:
    case api_keys_locked: return RestVerdict::credentials_refused;
    default: break;
  }
  switch (failure.http_status) {
    case 401: return RestVerdict::credentials_refused;
    case 404: return RestVerdict::path_is_gone;
    case 418:
    case 429: return RestVerdict::slow_down;
    default: return RestVerdict::try_again;
  }
}

std::optional<Duration> wait_asked_for(const RestFailure& failure, WallTime exchange_time) {
  if (failure.retry_after) return std::min(*failure.retry_after, limits::ban_max);
  if (!failure.banned_until) return std::nullopt;
  return std::clamp(*failure.banned_until - exchange_time, Duration::zero(), limits::ban_max);
}

std::string describe(const RestFailure& failure) {
  std::string text;
  const auto append = [&text](const std::string& part, const char* separator) {
    if (part.empty()) return;
    if (!text.empty()) text += separator;
    text += part;
  };
  if (failure.http_status != 0) append("HTTP " + std::to_string(failure.http_status), ", ");
  if (failure.code) append("code " + std::to_string(*failure.code), ", ");
  append(failure.message, ": ");
  return text;
}

}  // namespace bridge
