#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"

namespace bridge {

// Why a secret cannot sign. `message` says what to do about it and holds nothing of the secret.
struct SignerError {
  enum class Kind : std::uint8_t {
    empty,
    encrypted,         // a private key behind a passphrase, which a daemon cannot be asked for
    not_private,       // a public key or a certificate
    unsupported_type,  // neither RSA nor Ed25519
    too_weak,          // an RSA key of less than 2048 bits
    unreadable,
  };
  Kind kind = Kind::unreadable;
  std::string message;
};

// Signs the parameters of a request in one of the three ways that Binance takes. Copies share the
// key; signing changes nothing, so several threads may do it.
class RequestSigner {
 public:
  enum class Method : std::uint8_t { hmac_sha256, rsa_sha256, ed25519 };

  // The API secret that Binance shows once, when the key is made.
  static Result<RequestSigner, SignerError> from_api_secret(const Secret& api_secret);
  // The text of a PEM file (PKCS #8 or PKCS #1) with an RSA or Ed25519 private key.
  static Result<RequestSigner, SignerError> from_private_key(const Secret& pem);

  Method method() const;

  // The signature as it is written into a URL: lower-case hex for HMAC, percent-encoded base64 for
  // the others.
  Secret sign(std::string_view payload) const;

  class Key;

 private:
  explicit RequestSigner(std::shared_ptr<const Key> key) : key_{std::move(key)} {}

  std::shared_ptr<const Key> key_;
};

}  // namespace bridge
