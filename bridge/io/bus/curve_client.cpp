#include "bridge/io/bus/curve_client.hpp"

#include <zmq.h>

#include <array>
#include <cstring>
#include <string_view>

#include "bridge/core/subscribers/curve_key.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {

namespace {

void set_key(zmq::socket_t& socket, int option, std::string_view key) {
  BRIDGE_ASSERT(is_curve_key(key));
  std::array<char, curve_key_size + 1> text{};  // libzmq wants a zero byte at its end
  key.copy(text.data(), key.size());
  const int result = zmq_setsockopt(socket.handle(), option, text.data(), text.size());
  explicit_bzero(text.data(), text.size());
  BRIDGE_ASSERT(result == 0);
}

}  // namespace

void set_curve_client(zmq::socket_t& socket, const CurveClient& client) {
  set_key(socket, ZMQ_CURVE_SERVERKEY, client.server_public_key);
  set_key(socket, ZMQ_CURVE_PUBLICKEY, client.keys.public_key);
  set_key(socket, ZMQ_CURVE_SECRETKEY, client.keys.secret_key.reveal());
}

}  // namespace bridge
