#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include <zmq.hpp>

#include "bridge/core/subscribers/connection_census.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/io/bus/monitor_event.hpp"

namespace bridge {

// Why a peer was turned away before it could subscribe.
enum class HandshakeFailure : std::uint8_t {
  auth,      // it is not on the list
  protocol,  // it speaks another protocol, or no encryption where there is one
  other,     // it went away, or fell silent
};
constexpr int handshake_failure_count = 3;

// Counts who connects to a socket, or fails to. libzmq blocks its own I/O thread, and with it every
// subscriber, when nobody reads a socket's events: hence the thread, which does nothing else, and
// the order: make the monitor before the first bind, end it before the socket.
class SocketMonitor {
 public:
  // Whether peers of which libzmq does not say that their handshake has succeeded were turned away,
  // or could be served all the same: old ones have no handshake that libzmq would tell of.
  enum class Silent : std::uint8_t { maybe_served, turned_away };

  // `handshake_max`: how long a handshake on the socket may take.
  SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, Duration handshake_max,
                Silent silent);
  ~SocketMonitor();
  SocketMonitor(const SocketMonitor&) = delete;
  SocketMonitor& operator=(const SocketMonitor&) = delete;

  // Connected now. Of a socket that binds.
  const Gauge<std::uint64_t>& connections() const { return connections_; }

  // Of the peer that connected or of the one that was connected to. Those who say nothing are known
  // some seconds later.
  std::uint64_t handshake_failures(HandshakeFailure reason) const {
    return failures_[reason].read() - forgotten_[static_cast<std::size_t>(reason)];
  }
  // Those until now do not count; not while another thread reads the counters.
  void forget_handshake_failures();

 private:
  void run();
  void take(const MonitorEvent& event);
  void settle();

  void* const socket_;
  zmq::socket_t events_;
  const Silent silent_;
  std::atomic<bool> stopping_{false};
  ConnectionCensus census_;  // of the thread
  MonotonicTime settled_at_{};
  Gauge<std::uint64_t> connections_;
  Counters<HandshakeFailure, handshake_failure_count> failures_;
  std::array<std::uint64_t, handshake_failure_count> forgotten_{};
  std::thread thread_;
};

}  // namespace bridge
