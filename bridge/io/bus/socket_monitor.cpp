#include "bridge/io/bus/socket_monitor.hpp"

#include <zmq.h>

#include "bridge/io/system/clock.hpp"

namespace bridge {

namespace {

constexpr int events_wanted = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                              ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_MONITOR_STOPPED;
// The end of the monitor is an event too; this is for the case that it is lost.
constexpr std::chrono::milliseconds receive_timeout{500};
constexpr Duration settle_interval = std::chrono::milliseconds{500};
// An event is heard some time after it has happened.
constexpr Duration handshake_margin = std::chrono::milliseconds{500};

}  // namespace

SocketMonitor::SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, Duration handshake_max,
                             Silent silent)
    : socket_{socket.handle()},
      events_{monitor_socket(context, socket_, events_wanted, receive_timeout)},
      silent_{silent},
      census_{handshake_max + handshake_margin} {
  thread_ = std::thread{[this] { run(); }};
}

SocketMonitor::~SocketMonitor() {
  stopping_ = true;
  zmq_socket_monitor(socket_, nullptr, 0);
  thread_.join();
}

void SocketMonitor::forget_handshake_failures() {
  for (int reason = 0; reason < handshake_failure_count; ++reason) {
    forgotten_[static_cast<std::size_t>(reason)] =
        failures_[static_cast<HandshakeFailure>(reason)].read();
  }
}

void SocketMonitor::run() {
  while (!stopping_) {
    if (const auto event = receive_monitor_event(events_)) {
      if (event->event == ZMQ_EVENT_MONITOR_STOPPED) return;
      take(*event);
    }
    settle();
  }
}

void SocketMonitor::take(const MonitorEvent& event) {
  const auto failed = [this](HandshakeFailure reason) {
    census_.handshake_ended();
    failures_[reason].add();
  };
  switch (event.event) {
    case ZMQ_EVENT_ACCEPTED: census_.accepted(event.value, read_monotonic_clock()); break;
    case ZMQ_EVENT_DISCONNECTED: census_.disconnected(event.value); break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: census_.handshake_ended(); break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: failed(HandshakeFailure::auth); break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: failed(HandshakeFailure::protocol); break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: failed(HandshakeFailure::other); break;
    default: break;
  }
  connections_.set(census_.connected());
}

// Not after every event: it looks at all connections.
void SocketMonitor::settle() {
  const MonotonicTime now = read_monotonic_clock();
  if (now - settled_at_ < settle_interval) return;
  settled_at_ = now;
  const std::uint64_t turned_away = census_.take_turned_away(now);
  if (silent_ == Silent::turned_away) failures_[HandshakeFailure::protocol].add(turned_away);
}

}  // namespace bridge
