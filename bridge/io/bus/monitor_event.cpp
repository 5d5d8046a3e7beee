#include "bridge/io/bus/monitor_event.hpp"

#include <zmq.h>

#include <atomic>
#include <cstring>
#include <string>

#include "bridge/core/values/assert.hpp"

namespace bridge {

namespace {

// Of any socket of the process, for as long as it runs.
std::string unique_address() {
  static std::atomic<unsigned> count{0};
  return "inproc://position-bridge.monitor." + std::to_string(count++);
}

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

zmq::socket_t monitor_socket(zmq::context_t& context, void* socket, int kinds,
                             std::chrono::milliseconds receive_timeout) {
  const std::string address = unique_address();
  const int result = zmq_socket_monitor(socket, address.c_str(), kinds);
  BRIDGE_ASSERT(result == 0);
  zmq::socket_t events{context, zmq::socket_type::pair};
  events.set(zmq::sockopt::rcvtimeo, static_cast<int>(receive_timeout.count()));
  events.set(zmq::sockopt::linger, 0);
  events.connect(address);
  return events;
}

std::optional<MonitorEvent> receive_monitor_event(zmq::socket_t& events) {
  zmq::message_t frame;
  if (zmq_msg_recv(frame.handle(), events.handle(), 0) < 0) return std::nullopt;
  const MonitorEvent event = parse_event(frame);
  // The second frame is the endpoint.
  while (frame.more() && zmq_msg_recv(frame.handle(), events.handle(), 0) >= 0) continue;
  return event;
}

}  // namespace bridge
