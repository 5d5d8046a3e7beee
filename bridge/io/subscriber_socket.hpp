#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <zmq.hpp>

#include "bridge/core/result.hpp"

namespace bridge {

// A message as a subscriber receives it.
struct ReceivedMessage {
  std::string topic;
  std::string payload;
};

// A SUB socket, connected to one publisher; it reconnects by itself. Belongs to one thread.
class SubscriberSocket {
 public:
  // On failure: a sentence about the endpoint. That nobody listens there is no failure.
  static Result<SubscriberSocket, std::string> connect(zmq::context_t& context,
                                                       const std::string& endpoint);

  // All topics that begin so.
  void subscribe(std::string_view prefix);
  void unsubscribe(std::string_view prefix);

  // The next message that has two frames. Nothing when none came in time, or a signal interrupted.
  std::optional<ReceivedMessage> receive(std::chrono::milliseconds timeout);

 private:
  explicit SubscriberSocket(zmq::socket_t socket) : socket_{std::move(socket)} {}

  zmq::socket_t socket_;
};

}  // namespace bridge
