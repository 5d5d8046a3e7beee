#pragma once

#include "bridge/core/values/secret.hpp"
#include "bridge/wire/exchange/request_signer.hpp"

namespace bridge {

// What an account proves itself with to the exchange.
struct Credentials {
  Secret api_key;
  RequestSigner signer;
};

}  // namespace bridge
