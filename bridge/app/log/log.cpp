#include "bridge/app/log/log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {
namespace {

constexpr std::size_t queued_lines_max = 8192;
constexpr std::chrono::milliseconds drain_at_end_max{1000};

using SteadyTime = std::chrono::steady_clock::time_point;

std::atomic<LogLevel> least_level{LogLevel::info};
std::atomic<LogFormat> line_format{LogFormat::text};
std::array<std::atomic<std::uint64_t>, log_level_count> line_counts{};
// Null: lines are written where they are logged.
std::atomic<spdlog::async_logger*> queue{nullptr};
std::atomic<spdlog::details::thread_pool*> queue_owner{nullptr};

// What a pipe takes without waiting when poll says that it takes something.
constexpr std::size_t chunk_size_max = 4096;

// Writes to stderr; waits for it as long as is allowed, and gives the line up then.
class StderrSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // From now on it waits until then and no longer.
  void end_by(SteadyTime time) { end_.store(time); }

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    std::string text{line.payload.data(), line.payload.size()};
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty() && wait_until_writable()) {
      const std::size_t size = std::min(rest.size(), chunk_size_max);
      const ssize_t count = write(STDERR_FILENO, rest.data(), size);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count < 0) return;  // closed: there is nobody to tell
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void flush_() override {}

  bool wait_until_writable() const {
    constexpr int poll_ms = 50;
    pollfd stderr_events{STDERR_FILENO, POLLOUT, 0};
    while (true) {
      const bool is_over = std::chrono::steady_clock::now() >= end_.load();
      if (poll(&stderr_events, 1, is_over ? 0 : poll_ms) > 0) return true;
      if (is_over) return false;
    }
  }

  std::atomic<SteadyTime> end_{SteadyTime::max()};
};

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

}  // namespace

struct Logging::Writer {
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::details::thread_pool> thread =
      std::make_shared<spdlog::details::thread_pool>(queued_lines_max, 1);
  // When the queue is full, the oldest line goes: the newest say what is the matter now.
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "stderr", sink, thread, spdlog::async_overflow_policy::overrun_oldest);
};

Logging::Logging(LogLevel level, LogFormat format) : writer_{std::make_unique<Writer>()} {
  BRIDGE_ASSERT(queue.load() == nullptr);
  set_log_level(level);
  line_format = format;
  writer_->logger->set_level(spdlog::level::trace);
  queue_owner = writer_->thread.get();
  queue = writer_->logger.get();
}

Logging::~Logging() {
  queue = nullptr;
  queue_owner = nullptr;
  writer_->sink->end_by(std::chrono::steady_clock::now() + drain_at_end_max);
  writer_->thread.reset();  // writes what is queued, and ends before what it writes with
  writer_->logger.reset();
}

void set_log_level(LogLevel level) {
  least_level = level;
}

void log(LogLevel level, std::string_view account, std::string_view message) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  line_counts[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  const std::string line = format_log_line(line_format, read_wall_clock(), level, account, message);
  if (spdlog::async_logger* const logger = queue.load()) {
    logger->log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void log(RepeatLimiter& limiter, MonotonicTime now, LogLevel level, std::string_view account,
         std::string_view message) {
  log(limiter, now, level, account, message, fmt::format("{} {}", account, message));
}

void log(RepeatLimiter& limiter, MonotonicTime now, LogLevel level, std::string_view account,
         std::string_view message, std::string_view fact) {
  const auto held_back =
      limiter.admit(fact, now, {level, std::string{account}, std::string{message}});
  if (!held_back) return;
  if (*held_back == 0) return log(level, account, message);
  log(level, account,
      fmt::format("{} (and {} more since it was last said)", message, times(*held_back)));
}

void log_held_back(RepeatLimiter& limiter, MonotonicTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limiter.interval()).count();
  for (const auto& [key, count, last] : limiter.expire(now))
    log(last.level, last.account,
        fmt::format("{} (and {} more within {} s)", last.message, times(count), seconds));
}

std::uint64_t log_lines(LogLevel level) {
  return line_counts[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
}

std::uint64_t log_lines_lost() {
  spdlog::details::thread_pool* const owner = queue_owner.load();
  return owner == nullptr ? 0 : owner->overrun_counter();
}

}  // namespace bridge
