#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

// Keys that are made when a test runs: none is kept in the project.
namespace bridge::test {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using TestKey = std::unique_ptr<EVP_PKEY, FreeKey>;

inline TestKey make_rsa_key(std::size_t bits = 2048) {
  return TestKey{EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)};
}
inline TestKey make_ed25519_key() {
  return TestKey{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
}
inline TestKey make_elliptic_key() {
  return TestKey{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
}

template <class Write>
std::string pem_text(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), &BIO_free};
  write(bio.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

inline std::string private_pem(const TestKey& key) {
  return pem_text([&](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}
inline std::string traditional_pem(const TestKey& key) {
  return pem_text([&](BIO* bio) {
    PEM_write_bio_PrivateKey_traditional(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}
inline std::string encrypted_pem(const TestKey& key) {
  return pem_text([&](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), "passphrase", 10, nullptr,
                                  nullptr);
  });
}
inline std::string public_pem(const TestKey& key) {
  return pem_text([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); });
}

// Whether `signature`, as it stands in a URL, is one of `payload`; `digest` is null for Ed25519.
inline bool is_signature(const TestKey& key, const EVP_MD* digest, const std::string& payload,
                         std::string signature) {
  std::string base64;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] == '%') {
      base64 += static_cast<char>(std::stoi(signature.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      base64 += signature[i];
    }
  }
  std::string bytes(base64.size(), '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                             reinterpret_cast<const unsigned char*>(base64.data()),
                             static_cast<int>(base64.size()));
  if (size < 0) return false;
  while (!base64.empty() && base64.back() == '=') {  // EVP_DecodeBlock counts the padding
    base64.pop_back();
    --size;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<std::size_t>(size),
                          reinterpret_cast<const unsigned char*>(payload.data()),
                          payload.size()) == 1;
}

}  // namespace bridge::test
