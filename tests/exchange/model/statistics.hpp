#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace exchange {

/// Rules of the exchange that a client can break.
enum class Violation {
  request_weight,        // answered 429
  request_while_banned,  // answered 418
  message_rate,          // closed with 1008
  stream_count,          // closed with 1008
  pong_missing,          // dropped
  bad_signature,
  timestamp,
  unknown_api_key,
  missing_parameter,
  unknown_path,
  count_
};

std::string_view violation_text(Violation violation);

/// What clients have asked for so far, for those who test them.
struct Statistics {
  std::map<std::string, std::uint64_t, std::less<>> requests;  // by "GET /path"
  std::map<int, std::uint64_t> errors;                         // by the exchange's code
  std::array<std::uint64_t, static_cast<std::size_t>(Violation::count_)> violations{};
  std::map<std::string, std::uint64_t, std::less<>> frames_by_method;
  std::uint64_t handshakes = 0;
  std::uint64_t handshakes_refused = 0;
  std::uint64_t frames_in = 0;  // text, pings and pongs of clients
  std::uint64_t frames_out = 0;
  std::uint64_t user_events = 0;
  int peak_messages_per_second = 0;                          // on any connection
  std::map<std::string, std::uint64_t, std::less<>> faults;  // injected, by kind

  void broke(Violation violation) { ++violations[static_cast<std::size_t>(violation)]; }
  std::uint64_t broken(Violation violation) const {
    return violations[static_cast<std::size_t>(violation)];
  }
  void asked(std::string_view method_and_path);
};

}  // namespace exchange
