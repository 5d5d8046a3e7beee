#pragma once

#include "bridge/core/secret.hpp"
#include "bridge/wire/request_signer.hpp"

namespace bridge {

// What an account proves itself with to the exchange.
struct Credentials {
  Secret api_key;
  RequestSigner signer;
};

}  // namespace bridge
