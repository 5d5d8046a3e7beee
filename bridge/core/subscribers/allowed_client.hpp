#pragma once

#include <string>

namespace bridge {

// A subscriber that may connect to an encrypted bus: what we call it, and its public key as
// core/curve_key.hpp has it.
struct AllowedClient {
  std::string name;
  std::string public_key;
};

}  // namespace bridge
