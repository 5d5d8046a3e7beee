#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace exchange {

/// What an account's signatures are checked with: a shared secret (HMAC-SHA256), or a public key
/// (RSA with PKCS #1 v1.5 and SHA-256, or Ed25519).
class Verifier {
 public:
  static Verifier from_secret(std::string_view secret);
  /// `pem`: an RSA or Ed25519 public key.
  static tl::expected<Verifier, std::string> from_public_key(std::string_view pem);

  /// Whether `signature`, percent-decoded, is right for exactly these bytes.
  bool verify(std::string_view payload, std::string_view signature) const;

 private:
  std::shared_ptr<void> keyed_hash_;  // an EVP_MAC_CTX that knows the secret
  std::shared_ptr<void> public_key_;  // an EVP_PKEY; null: the secret counts
};

/// The bytes that a signature covers: the query without its `signature` parameter, then the body
/// without its own.
std::string signed_payload(std::string_view query, std::string_view body);

/// Lower-case hexadecimal HMAC-SHA256.
std::string hmac_sha256_hex(std::string_view secret, std::string_view payload);

}  // namespace exchange
