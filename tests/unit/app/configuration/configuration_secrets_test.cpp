#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bridge/app/configuration/configuration.hpp"
#include "tests/unit/app/scratch.hpp"

// The secrets of a whole configuration, and that no text about it holds one.
namespace bridge {
namespace {

constexpr const char* pem =
    "-----BEGIN PRIVATE KEY-----\nU0VOVElORUw=\n-----END PRIVATE KEY-----\n";

std::string account_text(const std::string& name, const std::string& keys) {
  return fmt::format("[[account]]\nname = \"{}\"\nmarket = \"usdm\"\nenvironment = \"testnet\"\n{}",
                     name, keys);
}

std::string variables(const std::string& key, const std::string& secret) {
  return fmt::format("api_key = {{ env = \"{}\" }}\napi_secret = {{ env = \"{}\" }}\n", key,
                     secret);
}

class ConfigurationSecrets : public testing::Test {
 protected:
  Configuration load(const std::string& text) const {
    const auto configuration = load_configuration(scratch_.write("bridge.toml", text));
    EXPECT_TRUE(configuration.has_value()) << to_string(configuration.error());
    return configuration.value_or(Configuration{});
  }

  std::string problems_of(const Configuration& configuration) const {
    const auto secrets = read_secrets(configuration);
    return secrets ? "" : scratch_.without_directory(to_string(secrets.error()));
  }

  ScratchDirectory scratch_;
  ScopedVariable key_{"TEST_API_KEY", "the-key"};
  ScopedVariable secret_{"TEST_API_SECRET", "the-secret"};
};

TEST_F(ConfigurationSecrets, AreReadInTheOrderOfTheAccounts) {
  scratch_.write("second.key", "second-key\n");
  scratch_.write("second.pem", pem);
  const auto secrets =
      read_secrets(load(account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")) +
                        account_text("second",
                                     "api_key = { file = \"second.key\" }\n"
                                     "private_key = { file = \"second.pem\" }\n")));
  ASSERT_TRUE(secrets.has_value()) << to_string(secrets.error());
  ASSERT_EQ(secrets->size(), 2U);
  EXPECT_EQ(secrets->at(0).api_key.reveal(), "the-key");
  EXPECT_EQ(secrets->at(0).signing_key.reveal(), "the-secret");
  EXPECT_EQ(secrets->at(1).api_key.reveal(), "second-key");
  EXPECT_EQ(secrets->at(1).signing_key.reveal().substr(0, 27), "-----BEGIN PRIVATE KEY-----");
}

TEST_F(ConfigurationSecrets, OfDisabledAccountsAreNotRead) {
  const auto secrets = read_secrets(load(
      account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")) +
      account_text("second", variables("TEST_ABSENT", "TEST_ABSENT_TOO") + "enabled = false\n")));
  ASSERT_TRUE(secrets.has_value()) << to_string(secrets.error());
  EXPECT_TRUE(secrets->at(1).api_key.empty());
}

TEST_F(ConfigurationSecrets, ThatAreMissingAreReportedAllAtOnce) {
  const std::string problems =
      problems_of(load(account_text("first", variables("TEST_ABSENT", "TEST_API_SECRET")) +
                       account_text("second", variables("TEST_API_KEY", "TEST_ABSENT_TOO"))));
  EXPECT_EQ(problems,
            "bridge.toml:5:11: account.first.api_key: environment variable TEST_ABSENT is not set; "
            "set it before the start: export TEST_ABSENT=…\n"
            "bridge.toml:12:14: account.second.api_secret: environment variable TEST_ABSENT_TOO is "
            "not set; set it before the start: export TEST_ABSENT_TOO=…\n");
}

TEST_F(ConfigurationSecrets, ThatAreTheSameKeyInTwoPlacesAreAProblem) {
  const ScopedVariable copy{"TEST_API_KEY_COPY", "the-key"};
  EXPECT_EQ(
      problems_of(load(account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")) +
                       account_text("second", variables("TEST_API_KEY_COPY", "TEST_API_SECRET")))),
      "bridge.toml:11:11: account.second.api_key: the key is that of account \"first\" too, "
      "on the same market and environment; give each account a key of its own, or disable "
      "one of them\n");
}

TEST_F(ConfigurationSecrets, ThatNoHeaderCanCarryAreRefused) {
  const ScopedVariable broken{"TEST_API_KEY", "the-key\r\nX-Other: 1"};
  EXPECT_EQ(problems_of(load(account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")))),
            "bridge.toml:5:11: account.first.api_key: the secret holds a space, a line break or "
            "another character that no key has; put the secret there alone, on one line\n");
}

TEST_F(ConfigurationSecrets, PrivateKeysThatCannotBeUsedAreRefused) {
  const Configuration configuration = load(account_text("first",
                                                        "api_key = { env = \"TEST_API_KEY\" }\n"
                                                        "private_key = { file = \"key.pem\" }\n"));
  scratch_.write("key.pem", "SENTINEL");
  EXPECT_EQ(problems_of(configuration),
            "bridge.toml:6:15: account.first.private_key: this is no private key in PEM; it must "
            "begin with -----BEGIN PRIVATE KEY-----\n");
  scratch_.write("key.pem", "-----BEGIN PUBLIC KEY-----\n");
  EXPECT_NE(problems_of(configuration).find("no private key in PEM"), std::string::npos);
  scratch_.write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_EQ(problems_of(configuration),
            "bridge.toml:6:15: account.first.private_key: the private key is encrypted with a "
            "passphrase; decrypt it: openssl pkey -in KEY -out FILE, with a umask of 077\n");
}

TEST_F(ConfigurationSecrets, GivenInTheFileByMistakeAreNeverRepeated) {
  const std::string sentinel = "SENTINELq7Zp2xW4vB8nM1kL5jH9gF3dS6aQ0wE2rT4yU6iO8pA1sD3fG5hJ7kL9z";
  const std::string form = R"([[account]]
name = "main"
market = "usdm"
environment = "testnet"
)";
  for (const std::string& line : {
           fmt::format("api_key = \"{}\"", sentinel),
           fmt::format("api_key = '{}'", sentinel),
           fmt::format("api_key = {}", sentinel),
           fmt::format("api_key = 1{}", sentinel),
           fmt::format("api_key = [\"{}\"]", sentinel),
           fmt::format("api_key = {{ env = \"{}\" }}", sentinel),
           fmt::format("api_key = {{ file = \"{}\" }}", sentinel),
           fmt::format("api_key = {{ credential = \"{}\" }}", sentinel),
           fmt::format("api_key = {{ value = \"{}\" }}", sentinel),
           fmt::format("api_key = {{ {} = 1 }}", sentinel),
           fmt::format("api_key = {{ env = \"{}\", file = \"x\" }}", sentinel),
           fmt::format("api_key = \"{}", sentinel),
           fmt::format("api_key = \"{}\\q\"", sentinel),
           fmt::format("api_secrte = \"{}\"", sentinel),
           fmt::format("api_key {}", sentinel),
           fmt::format("private_key = \"\"\"-----BEGIN PRIVATE KEY-----\n{}\n\"\"\"", sentinel),
           fmt::format("private_key = {{ file = \"-----BEGIN PRIVATE KEY-----{}\" }}", sentinel),
       }) {
    const auto configuration =
        load_configuration(scratch_.write("bridge.toml", form + line + "\n"));
    ASSERT_FALSE(configuration.has_value()) << line;
    EXPECT_EQ(to_string(configuration.error()).find("SENTINEL"), std::string::npos)
        << line << "\n"
        << to_string(configuration.error());
  }
}

TEST_F(ConfigurationSecrets, AreNotInTheDescription) {
  const ScopedVariable key{"TEST_API_KEY", "SENTINEL1"};
  const ScopedVariable secret{"TEST_API_SECRET", "SENTINEL2"};
  const Configuration configuration =
      load(account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")));
  ASSERT_TRUE(read_secrets(configuration).has_value());
  EXPECT_EQ(describe(configuration).find("SENTINEL"), std::string::npos);
}

TEST_F(ConfigurationSecrets, TheKeyOfTheBusIsReadWhereItIsEncrypted) {
  const std::string account = account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET"));
  const auto none = read_bus_key(load(account));
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->empty());
  const std::string curve =
      "[publisher.curve]\nsecret_key_file = \"curve.secret\"\nallowed_clients = []\n";
  const std::string key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
  scratch_.write("curve.secret", key + "\n");
  const auto read = read_bus_key(load(curve + account));
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(read->reveal(), key);
}

TEST_F(ConfigurationSecrets, AKeyOfTheBusThatIsNoneOrOpenToOthersIsRefused) {
  const Configuration configuration =
      load("[publisher.curve]\nsecret_key_file = \"curve.secret\"\nallowed_clients = []\n" +
           account_text("first", variables("TEST_API_KEY", "TEST_API_SECRET")));
  const auto problem = [&] {
    const auto key = read_bus_key(configuration);
    return key ? "" : scratch_.without_directory(to_string(key.error()));
  };
  scratch_.write("curve.secret", "SENTINEL");
  EXPECT_EQ(problem(),
            "bridge.toml:2:19: publisher.curve.secret_key_file: file curve.secret holds no key of "
            "CURVE, which is 40 characters of Z85; make one with position-bridge keygen\n");
  scratch_.write("curve.secret", std::string(40, '0'), 0640);
  EXPECT_EQ(problem(),
            "bridge.toml:2:19: publisher.curve.secret_key_file: file \"curve.secret\" can be used "
            "by others than its owner (mode 0640); chmod 600 curve.secret\n");
}

}  // namespace
}  // namespace bridge
