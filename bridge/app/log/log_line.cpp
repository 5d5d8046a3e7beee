#include <fmt/format.h>

#include <chrono>

#include "bridge/app/log/log.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/wire/text/utf8.hpp"

// What a line of the log looks like.
namespace bridge {
namespace {

std::string format_time(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto day = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days{day}};
  const std::chrono::hh_mm_ss clock{since_epoch - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string escaped_control(unsigned char byte, LogFormat format) {
  switch (byte) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  return format == LogFormat::json ? fmt::format("\\u{:04x}", byte)
                                   : fmt::format("\\x{:02x}", byte);
}

// The first bytes of the text, and of the character that the limit would divide nothing.
std::string_view cut(std::string_view text) {
  if (text.size() <= log_message_size_max) return text;
  std::size_t end = log_message_size_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string escape(std::string_view text, LogFormat format) {
  const std::string valid = valid_utf8(cut(text));
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const auto next = static_cast<unsigned char>(i + 1 < valid.size() ? valid[i + 1] : '\0');
    if (byte < 0x20 || byte == 0x7f) {
      out += escaped_control(byte, format);
    } else if (byte == 0xc2 && next < 0xa0) {
      // U+0080 to U+009F: terminals obey them as they obey the control characters of ASCII.
      out += escaped_control(next, format);
      ++i;
    } else {
      if (format == LogFormat::json && (byte == '"' || byte == '\\')) out += '\\';
      out += valid[i];
    }
  }
  return text.size() > log_message_size_max ? out + "…" : out;
}

std::string_view level_column(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return "TRACE";
    case LogLevel::debug: return "DEBUG";
    case LogLevel::info: return "INFO ";
    case LogLevel::warn: return "WARN ";
    case LogLevel::error: return "ERROR";
  }
  BRIDGE_UNREACHABLE("not a LogLevel");
}

}  // namespace

std::string format_log_line(LogFormat format, WallTime time, LogLevel level,
                            std::string_view account, std::string_view message) {
  const std::string what = escape(message, format);
  const std::string who = escape(account, format);
  if (format == LogFormat::json)
    return fmt::format(R"({{"time":"{}","level":"{}","account":{},"message":"{}"}})",
                       format_time(time), to_string(level),
                       who.empty() ? "null" : fmt::format("\"{}\"", who), what);
  if (who.empty()) return fmt::format("{} {} {}", format_time(time), level_column(level), what);
  return fmt::format("{} {} account={}  {}", format_time(time), level_column(level), who, what);
}

}  // namespace bridge
