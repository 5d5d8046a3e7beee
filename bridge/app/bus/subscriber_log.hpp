#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bridge/app/log/repeat_limiter.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/io/bus/publisher_socket.hpp"
#include "bridge/io/bus/zap_handler.hpp"

namespace bridge {

// Says in the log who is let in to an encrypted bus and who is not: each fact once in a while, so
// that nobody can fill the log from outside. Belongs to the thread of the ZAP handler.
class AccessLog {
 public:
  AccessLog();
  void note(const ZapHandler::Decision& decision);

 private:
  RepeatLimiter repeats_;
};

// Says what else befalls subscribers, from the counters of their socket. Belongs to the main loop.
class SubscriberLog {
 public:
  SubscriberLog();
  // To be called about twice a second.
  void look(const PublisherSocket& socket, MonotonicTime now);

 private:
  // How many there are more than at the last look.
  static std::uint64_t news(std::uint64_t count, std::uint64_t& seen);

  RepeatLimiter repeats_;
  std::array<std::uint64_t, handshake_failure_count> failures_{};
  std::uint64_t episodes_ = 0;
};

std::string_view to_string(HandshakeFailure reason);  // auth, protocol, other

}  // namespace bridge
