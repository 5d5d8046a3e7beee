#include "bridge/app/drivers/driver_context.hpp"

#include "bridge/app/log/log.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {

void DriverContext::say(std::string_view account, const effect::Log& line) const {
  const std::string text = account.empty() ? environment.name + ": " + line.text : line.text;
  if (line.level < LogLevel::warn) return log(line.level, account, text);
  log(repeats, read_monotonic_clock(), line.level, account, text);
}

}  // namespace bridge
