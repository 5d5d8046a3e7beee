// Accounts that sign with a key pair: from the scenario's file to a request that is let in.

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "tests/exchange/shell/scenario_file.hpp"
#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

using KeyPair = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

KeyPair make_ed25519() {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free};
}

KeyPair make_rsa() {
  return {EVP_RSA_gen(2'048), &EVP_PKEY_free};
}

std::string public_pem(const KeyPair& pair) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(memory.get(), pair.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// Base64 with its plus, slash and equals signs percent-encoded, as a client has to send it.
std::string signature_of(const KeyPair& pair, std::string_view payload) {
  const bool is_rsa = EVP_PKEY_get_base_id(pair.get()) == EVP_PKEY_RSA;
  std::array<unsigned char, 512> raw;
  std::size_t size = raw.size();
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, is_rsa ? EVP_sha256() : nullptr, nullptr, pair.get());
  EVP_DigestSign(context, raw.data(), &size, reinterpret_cast<const unsigned char*>(payload.data()),
                 payload.size());
  EVP_MD_CTX_free(context);
  std::array<unsigned char, 1'024> encoded;
  const int length = EVP_EncodeBlock(encoded.data(), raw.data(), static_cast<int>(size));
  std::string text;
  for (int index = 0; index < length; ++index) {
    const char character = static_cast<char>(encoded[static_cast<std::size_t>(index)]);
    if (character == '+') {
      text += "%2B";
    } else if (character == '/') {
      text += "%2F";
    } else if (character == '=') {
      text += "%3D";
    } else {
      text += character;
    }
  }
  return text;
}

class PublicKeyFile : public ::testing::Test {
 protected:
  PublicKeyFile() { std::filesystem::create_directories(folder_); }
  ~PublicKeyFile() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
  }

  tl::expected<ScenarioFile, std::vector<std::string>> read() const {
    write("scenario.toml",
          "[[account]]\nname = \"a\"\napi_key = \"k\"\npublic_key_file = \"public.pem\"\n");
    return read_scenario((folder_ / "scenario.toml").string());
  }

  static int status_of(Exchange& exchange, const KeyPair& pair) {
    const std::string query = "timestamp=" + std::to_string(test_start);
    const std::string signature = signature_of(pair, query);
    const std::string target = "/fapi/v3/positionRisk?" + query + "&signature=" + signature;
    return exchange
        .request({.method = "GET", .target = target, .api_key = "k", .address = "127.0.0.1"},
                 test_start)
        .status;
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("exchange-keys-" + std::to_string(::getpid()));
};

TEST_F(PublicKeyFile, LetsInRequestsOfItsOwnKeyPairOnly) {
  for (KeyPair (*const make)() : {make_ed25519, make_rsa}) {
    const KeyPair pair = make();
    write("public.pem", public_pem(pair));
    const auto file = read();
    ASSERT_TRUE(file.has_value()) << file.error().at(0);
    Exchange exchange(file->scenario, test_start);
    EXPECT_EQ(status_of(exchange, pair), 200);
    EXPECT_EQ(status_of(exchange, make()), 400);
    EXPECT_EQ(exchange.world().statistics.broken(Violation::bad_signature), 1U);
  }
}

TEST_F(PublicKeyFile, IsLookedForBesideTheScenarioAndMissedWithItsLine) {
  const auto file = read();
  ASSERT_FALSE(file.has_value());
  EXPECT_NE(file.error().at(0).find("scenario.toml:4: public_key_file: "), std::string::npos);
  EXPECT_NE(file.error().at(0).find("cannot be read"), std::string::npos);
}

TEST_F(PublicKeyFile, WithoutAKeyInItIsAMistake) {
  write("public.pem", "no key");
  const auto file = read();
  ASSERT_FALSE(file.has_value());
  EXPECT_NE(file.error().at(0).find("public.pem"), std::string::npos);
}

}  // namespace
}  // namespace exchange
