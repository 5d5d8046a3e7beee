#pragma once

#include <cstdint>
#include <string_view>

namespace bridge {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
constexpr int log_level_count = 5;

std::string_view to_string(LogLevel level);  // trace, debug, info, warn, error

}  // namespace bridge
