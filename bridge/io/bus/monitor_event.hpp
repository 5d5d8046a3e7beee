#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <zmq.hpp>

namespace bridge {

// What libzmq tells of a socket's connections, as zmq_socket_monitor(3) describes it.
struct MonitorEvent {
  std::uint16_t event = 0;  // ZMQ_EVENT_…
  std::uint32_t value = 0;  // a file descriptor where the event is about a connection
};

// Where the socket's events of these kinds come out, until its monitoring ends. To be read all the
// time, or libzmq blocks its own I/O thread and with it every socket of the context.
zmq::socket_t monitor_socket(zmq::context_t& context, void* socket, int kinds,
                             std::chrono::milliseconds receive_timeout);

// The next one; nothing when none came within the receive timeout.
std::optional<MonitorEvent> receive_monitor_event(zmq::socket_t& events);

}  // namespace bridge
