#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/app/configuration/configuration.hpp"
#include "bridge/app/log/repeat_limiter.hpp"
#include "bridge/core/values/time.hpp"

// One line a fact, on stderr. Any thread may write; nobody waits for who reads: when stderr is not
// drained, the oldest lines are given up and counted.
namespace bridge {

// Lines are written by a thread of its own as long as this lives; the rest of them before it ends,
// as far as stderr takes them within a second. One at a time, and no other thread may log while it
// begins or ends. Before and after it, lines go to stderr at once.
class Logging {
 public:
  Logging(LogLevel level, LogFormat format);
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

// Lines below the level are neither written nor counted. For a reload.
void set_log_level(LogLevel level);

// An empty account: the fact concerns the whole bridge. The message is one sentence without
// secrets.
void log(LogLevel level, std::string_view account, std::string_view message);

// The same through a limiter, which knows the fact by account and message. What it held back is
// said with the next line that it lets through.
void log(RepeatLimiter& limiter, MonotonicTime now, LogLevel level, std::string_view account,
         std::string_view message);

// Likewise, where the message holds what differs from one occurrence to the next: the limiter knows
// the fact by `fact` instead.
void log(RepeatLimiter& limiter, MonotonicTime now, LogLevel level, std::string_view account,
         std::string_view message, std::string_view fact);

// Says of what the limiter holds back, and what has not been said for its interval, how often it
// was: so that the end of a burst is reported too. To be called now and then.
void log_held_back(RepeatLimiter& limiter, MonotonicTime now);

// Lines since the process started, for the metrics.
std::uint64_t log_lines(LogLevel level);
// Lines given up because stderr was not drained; of the present Logging.
std::uint64_t log_lines_lost();

// One line without its line break, as it is written:
//   2026-11-22T12:00:00.123456Z INFO  account=main  message
//   {"time":"2026-11-22T12:00:00.123456Z","level":"info","account":"main","message":"message"}
// Control characters are escaped and bytes that are no UTF-8 replaced, so a line stays one line; a
// message is cut after log_message_size_max bytes.
constexpr std::size_t log_message_size_max = 4096;
std::string format_log_line(LogFormat format, WallTime time, LogLevel level,
                            std::string_view account, std::string_view message);

}  // namespace bridge
