#pragma once

#include <string>

#include <zmq.hpp>

#include "bridge/io/bus/curve_keys.hpp"

namespace bridge {

// What a subscriber of an encrypted bus needs.
struct CurveClient {
  CurveKeyPair keys;              // its own
  std::string server_public_key;  // of the bridge
};

// Before the socket connects.
void set_curve_client(zmq::socket_t& socket, const CurveClient& client);

}  // namespace bridge
