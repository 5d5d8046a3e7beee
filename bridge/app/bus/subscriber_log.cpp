#include "bridge/app/bus/subscriber_log.hpp"

#include <string>
#include <utility>

#include "bridge/app/log/log.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {
namespace {

constexpr Duration repeated_line_interval = std::chrono::seconds{30};

// Refusals because of the key are said by AccessLog, which knows more.
constexpr std::array reasons_said{
    std::pair{HandshakeFailure::protocol,
              "was turned away: it speaks another protocol than the bus, or without encryption to "
              "an encrypted one, or the other way round"},
    std::pair{HandshakeFailure::other, "went away or fell silent before it had introduced itself"},
};

}  // namespace

std::string_view to_string(HandshakeFailure reason) {
  switch (reason) {
    case HandshakeFailure::auth: return "auth";
    case HandshakeFailure::protocol: return "protocol";
    case HandshakeFailure::other: return "other";
  }
  BRIDGE_UNREACHABLE("not a HandshakeFailure");
}

AccessLog::AccessLog() : repeats_{repeated_line_interval} {}

void AccessLog::note(const ZapHandler::Decision& decision) {
  const std::string from = " from " + std::string{decision.address};
  if (decision.name.empty()) {
    log(repeats_, read_monotonic_clock(), LogLevel::warn, {},
        "refused a subscriber" + from + ": its public key " + std::string{decision.public_key} +
            " is not in publisher.curve.allowed_clients",
        "refused");
  } else {
    const std::string name{decision.name};
    log(repeats_, read_monotonic_clock(), LogLevel::info, {},
        "subscriber " + name + from + " is allowed in", "allowed " + name);
  }
}

SubscriberLog::SubscriberLog() : repeats_{repeated_line_interval} {}

void SubscriberLog::look(const PublisherSocket& socket, MonotonicTime now) {
  for (const auto& [reason, what] : reasons_said) {
    const std::uint64_t count = socket.monitor().handshake_failures(reason);
    if (news(count, failures_[static_cast<std::size_t>(reason)]) > 0) {
      log(repeats_, now, LogLevel::warn, {},
          std::string{"a peer "} + what + "; " + std::to_string(count) + " since the start",
          to_string(reason));
    }
  }
  const std::uint64_t episodes = socket.slow_subscriber_episodes().read();
  if (news(episodes, episodes_) > 0) {
    log(repeats_, now, LogLevel::warn, {},
        "a subscriber is too slow: its queue is full, and it loses messages until it has caught "
        "up; the others lose nothing; " +
            std::to_string(episodes) + " times since the start",
        "slow");
  }
  log_held_back(repeats_, now);
}

std::uint64_t SubscriberLog::news(std::uint64_t count, std::uint64_t& seen) {
  return count - std::exchange(seen, count);
}

}  // namespace bridge
