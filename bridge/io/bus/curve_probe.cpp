#include "bridge/io/bus/curve_probe.hpp"

#include <zmq.h>

#include "bridge/io/bus/curve_client.hpp"
#include "bridge/io/bus/monitor_event.hpp"

namespace bridge {

namespace {

constexpr int ends_of_handshakes = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
constexpr std::chrono::milliseconds receive_timeout{50};

ProbeOutcome await_end_of_handshake(zmq::socket_t& events, std::chrono::milliseconds patience) {
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < give_up_at) {
    const auto event = receive_monitor_event(events);
    if (!event) continue;
    if (event->event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return ProbeOutcome::let_in;
    if (event->event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return ProbeOutcome::refused;
  }
  return ProbeOutcome::no_answer;
}

}  // namespace

ProbeOutcome probe_endpoint(zmq::context_t& context, const std::string& endpoint,
                            const std::string& server_public_key, const CurveKeyPair& keys,
                            std::chrono::milliseconds patience) {
  zmq::socket_t prober{context, zmq::socket_type::sub};
  prober.set(zmq::sockopt::linger, 0);
  prober.set(zmq::sockopt::ipv6, true);
  set_curve_client(prober, {.keys = keys, .server_public_key = server_public_key});
  zmq::socket_t events =
      monitor_socket(context, prober.handle(), ends_of_handshakes, receive_timeout);
  if (zmq_connect(prober.handle(), endpoint.c_str()) != 0) return ProbeOutcome::no_answer;
  return await_end_of_handshake(events, patience);
}

}  // namespace bridge
