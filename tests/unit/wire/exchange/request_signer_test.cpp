#include "bridge/wire/exchange/request_signer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/wire/exchange/test_keys.hpp"

namespace bridge::test {
namespace {

using Kind = SignerError::Kind;
using Method = RequestSigner::Method;

RequestSigner signer_of(const std::string& pem) {
  auto signer = RequestSigner::from_private_key(Secret{pem});
  if (!signer) ADD_FAILURE() << signer.error().message;
  return signer.value();
}

SignerError error_of(const std::string& pem) {
  const auto signer = RequestSigner::from_private_key(Secret{pem});
  if (signer) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  return signer.error();
}

// The example in the exchange's documentation of the USDⓈ-M interface, where key and signature are
// printed.
TEST(RequestSigner, HmacIsThatOfTheExchangesDocumentation) {
  const auto signer = RequestSigner::from_api_secret(
      Secret{"2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"});
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->method(), Method::hmac_sha256);
  EXPECT_EQ(signer
                ->sign("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
                       "&recvWindow=5000&timestamp=1591702613943")
                .reveal(),
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9");
}

TEST(RequestSigner, RsaSignaturesAreVerifiedByThePublicKey) {
  const TestKey key = make_rsa_key();
  const TestKey other = make_rsa_key();
  for (const std::string& pem : {private_pem(key), traditional_pem(key)}) {
    const RequestSigner signer = signer_of(pem);
    EXPECT_EQ(signer.method(), Method::rsa_sha256);
    const std::string payload = "recvWindow=5000&timestamp=1700000000000";
    const std::string signature{signer.sign(payload).reveal()};
    EXPECT_TRUE(is_signature(key, EVP_sha256(), payload, signature));
    EXPECT_FALSE(is_signature(key, EVP_sha256(), payload + "1", signature));
    EXPECT_FALSE(is_signature(other, EVP_sha256(), payload, signature));
  }
}

TEST(RequestSigner, Ed25519SignaturesAreVerifiedByThePublicKey) {
  const TestKey key = make_ed25519_key();
  const RequestSigner signer = signer_of(private_pem(key));
  EXPECT_EQ(signer.method(), Method::ed25519);
  // Many, so that '+' and '/' occur in the base64.
  for (int i = 0; i < 100; ++i) {
    const std::string payload = "timestamp=" + std::to_string(i);
    const std::string signature{signer.sign(payload).reveal()};
    EXPECT_TRUE(is_signature(key, nullptr, payload, signature));
    EXPECT_EQ(signature.find_first_of("+/="), std::string::npos) << "not fit for a URL";
  }
}

TEST(RequestSigner, CopiesSignAlike) {
  const RequestSigner signer = signer_of(private_pem(make_ed25519_key()));
  const RequestSigner copy{signer};
  EXPECT_EQ(signer.sign("a"), copy.sign("a"));
  EXPECT_NE(signer.sign("a"), copy.sign("b"));
}

TEST(RequestSigner, UnusableKeysAreRefusedWithARemedy) {
  const TestKey rsa = make_rsa_key();
  EXPECT_EQ(error_of("").kind, Kind::empty);
  EXPECT_FALSE(RequestSigner::from_api_secret(Secret{}));
  EXPECT_EQ(error_of(encrypted_pem(rsa)).kind, Kind::encrypted);
  EXPECT_THAT(error_of(encrypted_pem(rsa)).message, testing::HasSubstr("openssl pkey"));
  EXPECT_EQ(error_of(public_pem(rsa)).kind, Kind::not_private);
  EXPECT_EQ(error_of(private_pem(make_elliptic_key())).kind, Kind::unsupported_type);
  EXPECT_EQ(error_of(private_pem(make_rsa_key(1024))).kind, Kind::too_weak);
  EXPECT_EQ(error_of("-----BEGIN OPENSSH PRIVATE KEY-----\n").kind, Kind::unsupported_type);
  EXPECT_EQ(error_of("-----BEGIN CERTIFICATE-----\n").kind, Kind::not_private);
  EXPECT_EQ(error_of("not a key").kind, Kind::unreadable);
}

TEST(RequestSigner, ADamagedKeyIsRefusedWithoutRepeatingIt) {
  const std::string pem = private_pem(make_rsa_key());
  for (std::size_t size = 0; size + 30 < pem.size(); size += 37) {
    const SignerError error = error_of(pem.substr(0, size));
    EXPECT_FALSE(error.message.empty());
    EXPECT_LT(error.message.size(), 250U);
  }
  std::string changed = pem;
  changed[40] = '!';
  EXPECT_EQ(error_of(changed).kind, Kind::unreadable);
}

}  // namespace
}  // namespace bridge::test
