#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <zmq.hpp>

#include "bridge/core/values/result.hpp"
#include "bridge/io/bus/curve_client.hpp"
#include "bridge/io/bus/socket_monitor.hpp"

namespace bridge {

// A message as a subscriber receives it.
struct ReceivedMessage {
  std::string topic;
  std::string payload;
};

// A SUB socket, connected to one publisher; it reconnects by itself. Belongs to one thread.
class SubscriberSocket {
 public:
  // With `keys` to an encrypted bus, else to one that is not. On failure: a sentence about the
  // endpoint. That nobody listens there is no failure, nor that the bridge turns us away: that is
  // found out later, see refusals().
  static Result<SubscriberSocket, std::string> connect(
      zmq::context_t& context, const std::string& endpoint,
      const std::optional<CurveClient>& keys = std::nullopt);

  // All topics that begin so.
  void subscribe(std::string_view prefix);
  void unsubscribe(std::string_view prefix);

  // The next message that has two frames. Nothing when none came in time, or a signal interrupted.
  std::optional<ReceivedMessage> receive(std::chrono::milliseconds timeout);

  // How often the bridge turned us away: since we are not on its list (auth), since one side
  // encrypts and the other does not (protocol), or without saying why (other). After the first two
  // libzmq does not try again.
  std::uint64_t refusals(HandshakeFailure reason) const {
    return monitor_->handshake_failures(reason);
  }

 private:
  SubscriberSocket(zmq::socket_t socket, std::unique_ptr<SocketMonitor> monitor)
      : socket_{std::move(socket)}, monitor_{std::move(monitor)} {}

  zmq::socket_t socket_;
  std::unique_ptr<SocketMonitor> monitor_;  // after the socket: it ends first
};

}  // namespace bridge
