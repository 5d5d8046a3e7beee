#include "tests/exchange/model/signature.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <vector>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "tests/exchange/model/symbols.hpp"

namespace exchange {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::vector<unsigned char>> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::vector<unsigned char> decoded(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(decoded.data(), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = static_cast<std::size_t>(std::count(text.end() - 2, text.end(), '='));
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

bool verify_with_key(EVP_PKEY* key, std::string_view payload, std::string_view signature) {
  const std::optional<std::vector<unsigned char>> raw = decode_base64(signature);
  if (!raw) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  // Ed25519 hashes by itself and takes no digest.
  const EVP_MD* digest = EVP_PKEY_base_id(key) == EVP_PKEY_RSA ? EVP_sha256() : nullptr;
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), raw->data(), raw->size(), bytes_of(payload),
                          payload.size()) == 1;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string hex(2 * size, '0');
  for (std::size_t index = 0; index < size; ++index) {
    hex[2 * index] = hex_digits[bytes[index] >> 4U];
    hex[2 * index + 1] = hex_digits[bytes[index] & 0xfU];
  }
  return hex;
}

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

/// Made once for each secret: to look up the algorithm takes longer than to use it.
std::shared_ptr<EVP_MAC_CTX> make_keyed_hash(std::string_view secret) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  std::shared_ptr<EVP_MAC_CTX> context(EVP_MAC_CTX_new(hmac.get()),
                                       [](EVP_MAC_CTX* owned) { EVP_MAC_CTX_free(owned); });
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  // No key at all is not the same as one of no bytes.
  const std::string_view key = secret.empty() ? std::string_view("") : secret;
  if (EVP_MAC_init(context.get(), bytes_of(key), key.size(), parameters.data()) != 1) {
    std::abort();
  }
  return context;
}

std::string keyed_hash_of(const EVP_MAC_CTX* keyed, std::string_view payload) {
  const MacContext context(EVP_MAC_CTX_dup(keyed), &EVP_MAC_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  std::size_t size = 0;
  if (EVP_MAC_update(context.get(), bytes_of(payload), payload.size()) != 1 ||
      EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) != 1) {
    std::abort();
  }
  return hex_of(digest.data(), size);
}

void append_without_signature(std::string& out, std::string_view query) {
  bool first = true;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (!part.starts_with("signature=")) {
      if (!first) out.push_back('&');
      out.append(part);
      first = false;
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
}

}  // namespace

Verifier Verifier::from_secret(std::string_view secret) {
  Verifier verifier;
  verifier.keyed_hash_ = make_keyed_hash(secret);
  return verifier;
}

tl::expected<Verifier, std::string> Verifier::from_public_key(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr),
                                [](EVP_PKEY* owned) { EVP_PKEY_free(owned); });
  if (!key) return tl::unexpected(std::string("is not a PEM public key"));
  const int type = EVP_PKEY_base_id(key.get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_ED25519) {
    return tl::unexpected(std::string("is neither an RSA nor an Ed25519 key"));
  }
  Verifier verifier;
  verifier.public_key_ = std::move(key);
  return verifier;
}

bool Verifier::verify(std::string_view payload, std::string_view signature) const {
  if (public_key_) {
    return verify_with_key(static_cast<EVP_PKEY*>(public_key_.get()), payload, signature);
  }
  const auto* const keyed = static_cast<const EVP_MAC_CTX*>(keyed_hash_.get());
  return keyed_hash_of(keyed, payload) == ascii_lower(signature);
}

std::string signed_payload(std::string_view query, std::string_view body) {
  std::string payload;
  payload.reserve(query.size() + body.size());
  append_without_signature(payload, query);
  append_without_signature(payload, body);
  return payload;
}

std::string hmac_sha256_hex(std::string_view secret, std::string_view payload) {
  return keyed_hash_of(make_keyed_hash(secret).get(), payload);
}

}  // namespace exchange
