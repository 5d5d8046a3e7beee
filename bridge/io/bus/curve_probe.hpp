#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <zmq.hpp>

#include "bridge/io/bus/curve_keys.hpp"

namespace bridge {

enum class ProbeOutcome : std::uint8_t {
  refused,    // as not allowed
  let_in,     // the handshake succeeded
  no_answer,  // neither in time: it could not be tried
};

// Tries to connect to an endpoint with `keys`, and waits until the handshake has ended. Who made
// the keys up knows that they are on nobody's list.
ProbeOutcome probe_endpoint(zmq::context_t& context, const std::string& endpoint,
                            const std::string& server_public_key, const CurveKeyPair& keys,
                            std::chrono::milliseconds patience);

}  // namespace bridge
