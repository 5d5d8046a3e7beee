#include "bridge/io/bus/subscriber_socket.hpp"

#include <zmq.h>

#include <utility>
#include <vector>

#include "bridge/io/system/uninterrupted.hpp"

namespace bridge {

namespace {

// More than a publisher keeps for us, so that a burst is lost by neither.
constexpr int receive_high_water_mark = 100'000;
constexpr int reconnect_interval_max_ms = 5000;
constexpr int heartbeat_interval_ms = 1000;
constexpr int heartbeat_timeout_ms = 3000;
// libzmq's own limit of a handshake.
constexpr Duration handshake_max = std::chrono::seconds{30};

}  // namespace

Result<SubscriberSocket, std::string> SubscriberSocket::connect(
    zmq::context_t& context, const std::string& endpoint, const std::optional<CurveClient>& keys) {
  zmq::socket_t socket{context, zmq::socket_type::sub};
  socket.set(zmq::sockopt::rcvhwm, receive_high_water_mark);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::reconnect_ivl_max, reconnect_interval_max_ms);
  socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_interval_ms);
  socket.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  socket.set(zmq::sockopt::ipv6, true);
  if (keys) set_curve_client(socket, *keys);
  auto monitor = std::make_unique<SocketMonitor>(context, socket, handshake_max,
                                                 SocketMonitor::Silent::maybe_served);
  if (zmq_connect(socket.handle(), endpoint.c_str()) != 0) {
    return Failure<std::string>{endpoint +
                                " is no endpoint to connect to: " + zmq_strerror(zmq_errno()) +
                                "; it should be tcp://address:port or ipc://path"};
  }
  return SubscriberSocket{std::move(socket), std::move(monitor)};
}

void SubscriberSocket::subscribe(std::string_view prefix) {
  socket_.set(zmq::sockopt::subscribe, prefix);
}

void SubscriberSocket::unsubscribe(std::string_view prefix) {
  socket_.set(zmq::sockopt::unsubscribe, prefix);
}

std::optional<ReceivedMessage> SubscriberSocket::receive(std::chrono::milliseconds timeout) {
  zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
  if (zmq_poll(&item, 1, static_cast<long>(timeout.count())) <= 0) return std::nullopt;
  zmq::message_t frame;
  std::vector<std::string> frames;
  do {
    const int received =
        uninterrupted([&] { return zmq_msg_recv(frame.handle(), socket_.handle(), ZMQ_DONTWAIT); });
    if (received < 0) return std::nullopt;
    frames.push_back(frame.to_string());
  } while (frame.more());
  if (frames.size() != 2) return std::nullopt;
  return ReceivedMessage{.topic = std::move(frames[0]), .payload = std::move(frames[1])};
}

}  // namespace bridge
