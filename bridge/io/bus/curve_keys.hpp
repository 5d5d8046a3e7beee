#pragma once

#include <string>

#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"

namespace bridge {

// As text, see core/curve_key.hpp.
struct CurveKeyPair {
  std::string public_key;
  Secret secret_key;
};

// On failure, here and below: a sentence.
Result<CurveKeyPair, std::string> make_curve_key_pair();

// The public key that belongs to a secret one.
Result<std::string, std::string> curve_public_key(const Secret& secret_key);

}  // namespace bridge
