#include "bridge/io/socket_monitor.hpp"

#include <zmq.h>

#include <atomic>
#include <cstring>
#include <set>
#include <string>

#include "bridge/core/assert.hpp"

namespace bridge {

namespace {

constexpr int events_wanted = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                              ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_MONITOR_STOPPED;
// The end of the monitor is an event too; this is for the case that it is lost.
constexpr int receive_timeout_ms = 500;

// Of any socket of the process, for as long as it runs.
std::string unique_address() {
  static std::atomic<unsigned> count{0};
  return "inproc://position-bridge.monitor." + std::to_string(count++);
}

struct MonitorEvent {
  std::uint16_t event = 0;
  std::uint32_t value = 0;  // a file descriptor where the event is about a connection
};

// The first of an event's two frames, as libzmq lays it out: 16 bits, then 32, without padding.
MonitorEvent parse_event(const zmq::message_t& frame) {
  MonitorEvent event;
  if (frame.size() < sizeof event.event + sizeof event.value) return event;
  const char* const bytes = frame.data<char>();
  std::memcpy(&event.event, bytes, sizeof event.event);
  std::memcpy(&event.value, bytes + sizeof event.event, sizeof event.value);
  return event;
}

}  // namespace

SocketMonitor::SocketMonitor(zmq::context_t& context, zmq::socket_t& socket)
    : socket_{socket}, events_{context, zmq::socket_type::pair} {
  const std::string address = unique_address();
  const int result = zmq_socket_monitor(socket.handle(), address.c_str(), events_wanted);
  BRIDGE_ASSERT(result == 0);
  events_.set(zmq::sockopt::rcvtimeo, receive_timeout_ms);
  events_.set(zmq::sockopt::linger, 0);
  events_.connect(address);
  thread_ = std::thread{[this] { run(); }};
}

SocketMonitor::~SocketMonitor() {
  stopping_ = true;
  zmq_socket_monitor(socket_.handle(), nullptr, 0);
  thread_.join();
}

void SocketMonitor::run() {
  // A set, because not every connection that fails is said to be disconnected: the descriptor's
  // next use puts that right.
  std::set<std::uint32_t> connected;
  zmq::message_t frame;
  while (!stopping_) {
    if (zmq_msg_recv(frame.handle(), events_.handle(), 0) < 0) continue;
    const MonitorEvent event = parse_event(frame);
    // The second frame is the endpoint.
    while (frame.more() && zmq_msg_recv(frame.handle(), events_.handle(), 0) >= 0) continue;
    switch (event.event) {
      case ZMQ_EVENT_ACCEPTED: connected.insert(event.value); break;
      case ZMQ_EVENT_DISCONNECTED: connected.erase(event.value); break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        handshake_failures_[HandshakeFailure::auth].add();
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        handshake_failures_[HandshakeFailure::protocol].add();
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        handshake_failures_[HandshakeFailure::other].add();
        break;
      case ZMQ_EVENT_MONITOR_STOPPED: return;
      default: break;
    }
    connections_.set(connected.size());
  }
}

}  // namespace bridge
