#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/values/time.hpp"

namespace bridge {

// A whole number and its unit (ms, s, m, h): "250ms", "10s". Nothing for anything else.
std::optional<Duration> parse_duration(std::string_view text);

// In the largest unit that needs no fraction: "90s", "2m". Whole milliseconds only.
std::string format_duration(Duration duration);

}  // namespace bridge
