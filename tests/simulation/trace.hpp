#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>

#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

/// What is kept of the lines besides their hash.
enum class TraceLines : std::uint8_t { none, last, print };

/// The history of a simulation: always as a hash, and as lines for those who want to read it.
/// Writing lines is slow, so a failing seed is run again with them.
class Trace {
 public:
  static constexpr std::size_t last_lines_max = 60;

  explicit Trace(TraceLines lines) : lines_(lines) {}

  bool has_lines() const { return lines_ != TraceLines::none; }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t events() const { return events_; }
  const std::deque<std::string>& last_lines() const { return last_; }

  /// One event begins.
  void event(Instant at, std::uint64_t kind, std::uint64_t subject) {
    ++events_;
    mix(static_cast<std::uint64_t>(at.count()));
    mix(kind << 56U ^ subject);
  }
  /// More about what is happening.
  void mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9fb21c651e98df25U;
    hash_ ^= hash_ >> 32U;
  }
  void mix(std::string_view text);

  /// Only to be called when has_lines().
  void line(Instant at, const std::string& text);

 private:
  TraceLines lines_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
  std::uint64_t events_ = 0;
  std::deque<std::string> last_;
};

/// "26:03:59.120045": hours, minutes, seconds and microseconds.
std::string to_text(Instant at);

}  // namespace simulation
