#pragma once

#include <cstdint>

namespace exchange {

/// Milliseconds since 1970 (UTC) as the exchange's own clock tells them. The model never reads a
/// clock: whoever drives it says what time it is.
using UnixMs = std::int64_t;

inline constexpr UnixMs second_ms = 1'000;
inline constexpr UnixMs minute_ms = 60 * second_ms;
inline constexpr UnixMs hour_ms = 60 * minute_ms;

/// Later than anything that will ever be due.
inline constexpr UnixMs never_ms = INT64_MAX;

}  // namespace exchange
