#include "bridge/app/log/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace bridge {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// 2026-11-22T12:00:00.123456Z
constexpr WallTime noon{std::chrono::microseconds{1'795'348'800'123'456}};

std::string text_line(std::string_view account, std::string_view message) {
  return format_log_line(LogFormat::text, noon, LogLevel::info, account, message);
}

nlohmann::json json_line(std::string_view account, std::string_view message) {
  return nlohmann::json::parse(
      format_log_line(LogFormat::json, noon, LogLevel::warn, account, message));
}

TEST(LogLine, AsTextHasTimeLevelAccountAndMessage) {
  EXPECT_EQ(text_line("main", "the user stream is open"),
            "2026-11-22T12:00:00.123456Z INFO  account=main  the user stream is open");
  EXPECT_EQ(format_log_line(LogFormat::text, noon, LogLevel::error, "", "it ends"),
            "2026-11-22T12:00:00.123456Z ERROR it ends");
}

TEST(LogLine, AsTextStaysOneLineThatNoTerminalObeys) {
  EXPECT_EQ(text_line("", "a\nb\r\t\x1b[31m\x7f\xc2\x9b"),
            "2026-11-22T12:00:00.123456Z INFO  a\\nb\\r\\t\\x1b[31m\\x7f\\x9b");
  EXPECT_EQ(text_line("", "\"币安\" \\ 1000PEPEUSDT"),
            "2026-11-22T12:00:00.123456Z INFO  \"币安\" \\ 1000PEPEUSDT");
}

TEST(LogLine, AsJsonHasTheSameInAFixedOrder) {
  EXPECT_EQ(format_log_line(LogFormat::json, noon, LogLevel::warn, "main", "said \"no\""),
            "{\"time\":\"2026-11-22T12:00:00.123456Z\",\"level\":\"warn\",\"account\":\"main\","
            "\"message\":\"said \\\"no\\\"\"}");
  EXPECT_TRUE(json_line("", "it ends").at("account").is_null());
}

TEST(LogLine, AsJsonGivesTheMessageBack) {
  std::string every_byte_of_ascii;
  for (char c = 1; c > 0 && c < 0x7f; ++c) every_byte_of_ascii += c;
  for (const std::string& message : {every_byte_of_ascii, std::string{"币安\\\"\x7f"},
                                     std::string{"a\0b", 3}, std::string{"\xc2\x85"}})
    EXPECT_EQ(json_line("main", message).at("message"), message);
}

TEST(LogLine, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(json_line("", "a\xff\xc0\xaf z\xe4\xb8").at("message"),
            "a\uFFFD\uFFFD\uFFFD z\uFFFD\uFFFD");
  EXPECT_THAT(text_line("", "\xc2"), testing::EndsWith("INFO  \uFFFD"));
}

TEST(LogLine, CutsAnEndlessMessageBetweenTwoCharacters) {
  const std::string fits(log_message_size_max, 'x');
  EXPECT_EQ(json_line("", fits).at("message"), fits);
  const std::string head(log_message_size_max - 1, 'x');
  EXPECT_EQ(json_line("", head + "币安").at("message"), head + "…");
}

// Everything that is written to stderr as long as this lives.
class CapturedStderr {
 public:
  CapturedStderr() { testing::internal::CaptureStderr(); }
  std::string text() { return testing::internal::GetCapturedStderr(); }
};

TEST(Log, WritesEveryLineBeforeItEnds) {
  CapturedStderr captured;
  {
    const Logging logging{LogLevel::info, LogFormat::json};
    for (int i = 0; i < 1000; ++i) log(LogLevel::info, "main", fmt::format("line {}", i));
  }
  const std::string text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
  EXPECT_LT(text.find("line 0\""), text.find("line 999\""));
}

TEST(Log, LeavesOutAndDoesNotCountWhatIsBelowItsLevel) {
  CapturedStderr captured;
  const std::uint64_t debug_before = log_lines(LogLevel::debug);
  const std::uint64_t warn_before = log_lines(LogLevel::warn);
  {
    const Logging logging{LogLevel::warn, LogFormat::text};
    log(LogLevel::debug, "", "hidden");
    log(LogLevel::warn, "", "shown");
    set_log_level(LogLevel::debug);
    log(LogLevel::debug, "", "shown after a reload");
  }
  const std::string text = captured.text();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("WARN  shown\n"));
  EXPECT_THAT(text, HasSubstr("DEBUG shown after a reload\n"));
  EXPECT_EQ(log_lines(LogLevel::debug), debug_before + 1);
  EXPECT_EQ(log_lines(LogLevel::warn), warn_before + 1);
}

TEST(Log, WritesAtOnceWhereNoLoggingLives) {
  CapturedStderr captured;
  log(LogLevel::error, "", "before the start");
  EXPECT_THAT(captured.text(), HasSubstr("ERROR before the start\n"));
}

TEST(Log, SaysWithARepeatedLineHowManyWereHeldBack) {
  CapturedStderr captured;
  RepeatLimiter limiter{10s};
  const MonotonicTime start{1h};
  {
    const Logging logging{LogLevel::info, LogFormat::text};
    for (const auto at : {0s, 1s, 2s, 10s})
      log(limiter, start + at, LogLevel::warn, "main", "again");
    log(limiter, start, LogLevel::warn, "other", "again");
  }
  const std::string text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, HasSubstr("account=main  again\n"));
  EXPECT_THAT(text, HasSubstr("account=main  again (and 2 times more since it was last said)\n"));
  EXPECT_THAT(text, HasSubstr("account=other  again\n"));
}

TEST(Log, SaysAtTheEndOfABurstHowManyWereHeldBack) {
  CapturedStderr captured;
  RepeatLimiter limiter{10s};
  const MonotonicTime start{1h};
  {
    const Logging logging{LogLevel::info, LogFormat::text};
    for (const auto at : {0s, 1s, 2s}) log(limiter, start + at, LogLevel::warn, "main", "again");
    log(limiter, start, LogLevel::warn, "other", "once");
    log_held_back(limiter, start + 9s);
    log_held_back(limiter, start + 10s);
    log_held_back(limiter, start + 20s);
  }
  const std::string text = captured.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_THAT(text, HasSubstr("WARN  account=main  again (and 2 times more within 10 s)\n"));
}

// A pipe in the place of stderr that nobody reads.
class UndrainedStderr {
 public:
  UndrainedStderr() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) std::abort();
    saved_ = dup(STDERR_FILENO);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~UndrainedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(ends_[0]);
    close(ends_[1]);
  }
  UndrainedStderr(const UndrainedStderr&) = delete;
  UndrainedStderr& operator=(const UndrainedStderr&) = delete;

 private:
  std::array<int, 2> ends_{};
  int saved_ = -1;
};

TEST(Log, GivesLinesUpRatherThanWaitForAReader) {
  const UndrainedStderr undrained;
  const auto begin = std::chrono::steady_clock::now();
  {
    const Logging logging{LogLevel::info, LogFormat::text};
    const std::string message(200, 'x');
    for (int i = 0; i < 20'000; ++i) log(LogLevel::info, "main", message);
    EXPECT_GT(log_lines_lost(), 0U);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace
}  // namespace bridge
