#include "bridge/core/values/log_level.hpp"

#include "bridge/core/values/assert.hpp"

namespace bridge {

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return "trace";
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  BRIDGE_UNREACHABLE("not a LogLevel");
}

}  // namespace bridge
