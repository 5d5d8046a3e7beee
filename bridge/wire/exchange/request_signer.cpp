#include "bridge/wire/exchange/request_signer.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include <array>
#include <climits>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/exchange/percent_encoding.hpp"

namespace bridge {
namespace {

// An owner of what OpenSSL hands out.
template <auto free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Freed<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;

using Bytes = std::vector<unsigned char>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 0xF];
  }
  return text;
}

std::string base64(const Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// A failure here is no fault of the world: the key was tried when it was read.
Bytes signature_of(EVP_PKEY* key, const EVP_MD* digest, std::string_view payload) {
  const DigestContext context{EVP_MD_CTX_new()};
  BRIDGE_ASSERT(context != nullptr);
  BRIDGE_ASSERT(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) == 1);
  std::size_t size = 0;
  BRIDGE_ASSERT(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(payload), payload.size()) ==
                1);
  Bytes signature(size);
  BRIDGE_ASSERT(EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(payload),
                               payload.size()) == 1);
  signature.resize(size);
  return signature;
}

// HMAC-SHA256 that knows its key. To look the algorithm up takes longer than to use it, so that is
// done once; OpenSSL overwrites the key when the context goes.
MacContext keyed_hmac(const Secret& secret) {
  const Mac hmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  BRIDGE_ASSERT(hmac != nullptr);
  MacContext context{EVP_MAC_CTX_new(hmac.get())};
  BRIDGE_ASSERT(context != nullptr);
  std::array<char, 7> digest{"SHA256"};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  const std::string_view key = secret.reveal();
  BRIDGE_ASSERT(EVP_MAC_init(context.get(), bytes_of(key), key.size(), parameters.data()) == 1);
  return context;
}

std::string hmac_of(const EVP_MAC_CTX* keyed, std::string_view payload) {
  const MacContext context{EVP_MAC_CTX_dup(keyed)};
  BRIDGE_ASSERT(context != nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  BRIDGE_ASSERT(EVP_MAC_update(context.get(), bytes_of(payload), payload.size()) == 1);
  BRIDGE_ASSERT(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1);
  return hex(digest.data(), size);
}

SignerError error(SignerError::Kind kind, std::string message) {
  return {kind, std::move(message)};
}

// What the PEM labels say about a text that cannot be a usable key, before OpenSSL says it in words
// that help nobody.
std::optional<SignerError> refusal_by_label(std::string_view pem) {
  using Kind = SignerError::Kind;
  const auto has = [&](std::string_view words) { return pem.find(words) != pem.npos; };
  if (pem.empty()) return error(Kind::empty, "the private key is empty");
  if (has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED"))
    return error(
        Kind::encrypted,
        "the private key is behind a passphrase: write it without one "
        "(openssl pkey -in key.pem -out plain.pem) and keep it readable for the bridge only");
  if (has("BEGIN OPENSSH PRIVATE KEY"))
    return error(Kind::unsupported_type,
                 "this is a key for SSH: make one with openssl genpkey -algorithm ed25519");
  if (has("BEGIN PUBLIC KEY") || has("BEGIN RSA PUBLIC KEY"))
    return error(Kind::not_private,
                 "this is the public key, which is for Binance: give the private key here");
  if (has("BEGIN CERTIFICATE"))
    return error(Kind::not_private, "this is a certificate: give the private key here");
  return std::nullopt;
}

// OpenSSL asks at the terminal for a passphrase unless somebody answers first.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Result<PrivateKey, SignerError> read_private_key(std::string_view pem) {
  constexpr std::size_t pem_size_max = std::size_t{64} * 1024;
  const auto unreadable = [] {
    return Failure<SignerError>{error(
        SignerError::Kind::unreadable,
        "no private key in PEM form (-----BEGIN PRIVATE KEY-----) could be read: make one with "
        "openssl genpkey -algorithm ed25519")};
  };
  if (pem.size() > pem_size_max) return unreadable();
  const Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  BRIDGE_ASSERT(bio != nullptr);
  PrivateKey key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
  ERR_clear_error();  // the queue is the thread's, and somebody else would read what we left
  if (key == nullptr) return unreadable();
  return key;
}

std::optional<SignerError> refusal_by_type(const EVP_PKEY* key) {
  constexpr int rsa_bits_min = 2048;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return std::nullopt;
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key) >= rsa_bits_min) return std::nullopt;
      return error(SignerError::Kind::too_weak,
                   "Binance takes RSA keys from 2048 bits on: make a larger one");
    default:
      return error(SignerError::Kind::unsupported_type,
                   "Binance takes RSA and Ed25519 keys: this is of another type");
  }
}

}  // namespace

class RequestSigner::Key {
 public:
  explicit Key(const Secret& api_secret) : hmac_{keyed_hmac(api_secret)} {}
  explicit Key(PrivateKey private_key) : private_key_{std::move(private_key)} {}

  Method method() const {
    if (private_key_ == nullptr) return Method::hmac_sha256;
    return EVP_PKEY_get_base_id(private_key_.get()) == EVP_PKEY_RSA ? Method::rsa_sha256
                                                                    : Method::ed25519;
  }

  std::string sign(std::string_view payload) const {
    switch (method()) {
      case Method::hmac_sha256: return hmac_of(hmac_.get(), payload);
      case Method::rsa_sha256:  // PKCS #1 v1.5, which is OpenSSL's default
        return percent_encoded(base64(signature_of(private_key_.get(), EVP_sha256(), payload)));
      case Method::ed25519:  // hashes itself
        return percent_encoded(base64(signature_of(private_key_.get(), nullptr, payload)));
    }
    BRIDGE_UNREACHABLE("not a Method");
  }

 private:
  MacContext hmac_;         // of an API secret
  PrivateKey private_key_;  // null: there is an API secret
};

Result<RequestSigner, SignerError> RequestSigner::from_api_secret(const Secret& api_secret) {
  if (api_secret.empty())
    return Failure<SignerError>{error(SignerError::Kind::empty, "the API secret is empty")};
  if (api_secret.reveal().size() > INT_MAX)
    return Failure<SignerError>{error(SignerError::Kind::unreadable, "the API secret is too long")};
  return RequestSigner{std::make_shared<const Key>(api_secret)};
}

Result<RequestSigner, SignerError> RequestSigner::from_private_key(const Secret& pem) {
  if (auto refusal = refusal_by_label(pem.reveal())) return Failure<SignerError>{*refusal};
  auto key = read_private_key(pem.reveal());
  if (!key) return Failure<SignerError>{key.error()};
  if (auto refusal = refusal_by_type(key->get())) return Failure<SignerError>{*refusal};
  return RequestSigner{std::make_shared<const Key>(std::move(*key))};
}

RequestSigner::Method RequestSigner::method() const {
  return key_->method();
}

Secret RequestSigner::sign(std::string_view payload) const {
  return Secret{key_->sign(payload)};
}

}  // namespace bridge
