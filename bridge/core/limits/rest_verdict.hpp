#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What a request without a good answer means for whoever asked.
enum class RestVerdict : std::uint8_t {
  try_again,            // the network, the exchange's load or maintenance
  slow_down,            // too many requests from this address: 429, 418, -1003
  clock_is_off,         // -1021: our timestamp is outside of the window
  listen_key_is_gone,   // -1125
  path_is_gone,         // 404, -5000: the exchange has no such endpoint
  credentials_refused,  // 401, -2014, -2015, -2017, -1022: trying again can only do harm
};

RestVerdict verdict(const RestFailure& failure);

// How long the exchange asks us to wait, if it does. Retry-After counts from now and needs no
// clock; the end of a ban is told on the exchange's, so what is said to be longer than any ban is
// the clock's fault.
std::optional<Duration> wait_asked_for(const RestFailure& failure, WallTime exchange_time);

// "HTTP 401, code -2015: Invalid API-key, IP, or permissions for action": fit for a log.
std::string describe(const RestFailure& failure);

}  // namespace bridge
