#include "tests/exchange/shell/certificate.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace exchange {
namespace {

constexpr long day_seconds = 86'400;

template <typename Object, void (*release)(Object*)>
struct Releaser {
  void operator()(Object* object) const { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION, X509_EXTENSION_free>>;

void require(bool succeeded) {
  if (!succeeded) throw std::runtime_error("OpenSSL could not make a certificate");
}

std::string read_all(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  require(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return read_all(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return read_all(bio.get());
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr);
  return key;
}

void set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1);
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(common_name.data());
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes,
                                     static_cast<int>(common_name.size()), -1, 0) == 1);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate make_unsigned(const std::string& common_name, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  require(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 365 * day_seconds);
  set_name(X509_get_subject_name(certificate.get()), common_name);
  require(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  require(X509_sign(certificate, issuer_key, EVP_sha256()) != 0);
}

}  // namespace

Certificates make_certificates(const std::vector<std::string>& extra_names) {
  const Key authority_key = make_key();
  const Certificate authority = make_unsigned("simulated-exchange CA", authority_key.get());
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign");
  add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  sign(authority.get(), authority.get(), authority_key.get());

  const Key server_key = make_key();
  const Certificate server = make_unsigned("localhost", server_key.get());
  std::string names = "IP:127.0.0.1,IP:0:0:0:0:0:0:0:1,DNS:localhost";
  for (const std::string& name : extra_names) names += ",DNS:" + name;
  add_extension(server.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), authority.get(), NID_subject_alt_name, names);
  add_extension(server.get(), authority.get(), NID_authority_key_identifier, "keyid");
  sign(server.get(), authority.get(), authority_key.get());
  return {.authority = pem_of(authority.get()),
          .server = pem_of(server.get()),
          .server_key = pem_of(server_key.get())};
}

}  // namespace exchange
