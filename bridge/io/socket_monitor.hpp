#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include <zmq.hpp>

#include "bridge/core/counter.hpp"

namespace bridge {

// Why a peer was turned away before it could subscribe.
enum class HandshakeFailure : std::uint8_t { auth, protocol, other };
constexpr int handshake_failure_count = 3;

// Counts who connects to a socket. libzmq blocks its own I/O thread, and with it every subscriber,
// when nobody reads a socket's events: hence the thread, which does nothing else, and the order:
// make the monitor before the first bind, end it before the socket.
class SocketMonitor {
 public:
  SocketMonitor(zmq::context_t& context, zmq::socket_t& socket);
  ~SocketMonitor();
  SocketMonitor(const SocketMonitor&) = delete;
  SocketMonitor& operator=(const SocketMonitor&) = delete;

  // Connected now.
  const Gauge<std::uint64_t>& connections() const { return connections_; }
  const Counters<HandshakeFailure, handshake_failure_count>& handshake_failures() const {
    return handshake_failures_;
  }

 private:
  void run();

  zmq::socket_t& socket_;
  zmq::socket_t events_;
  std::atomic<bool> stopping_{false};
  Gauge<std::uint64_t> connections_;
  Counters<HandshakeFailure, handshake_failure_count> handshake_failures_;
  std::thread thread_;
};

}  // namespace bridge
