#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bridge/app/configuration/configuration.hpp"
#include "bridge/core/subscribers/curve_key.hpp"

// The secrets that a configuration points to, and whether they can be what they should be.
namespace bridge {
namespace {

// A key travels in a header of HTTP, and a key or secret with a space or a line break in it was cut
// out of a page wrongly.
bool is_one_word(const Secret& secret) {
  const std::string_view text = secret.reveal();
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<ValueProblem> private_key_problem(const Secret& key) {
  const std::string_view text = key.reveal();
  if (text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != text.npos ||
      text.find("Proc-Type: 4,ENCRYPTED") != text.npos)
    return ValueProblem{"the private key is encrypted with a passphrase",
                        "decrypt it: openssl pkey -in KEY -out FILE, with a umask of 077"};
  const std::size_t begin = text.find("-----BEGIN ");
  if (begin == text.npos || text.find("PRIVATE KEY-----", begin) == text.npos)
    return ValueProblem{"this is no private key in PEM",
                        "it must begin with -----BEGIN PRIVATE KEY-----"};
  return std::nullopt;
}

class SecretReading {
 public:
  AccountSecrets read(const AccountSettings& account) {
    AccountSecrets secrets{read_word(account.api_key), {}};
    if (account.signing_method == SigningMethod::hmac) {
      secrets.signing_key = read_word(account.signing_key);
    } else {
      secrets.signing_key = read_private_key(account.signing_key);
    }
    return secrets;
  }

  void note(const SecretSource& source, ValueProblem problem) {
    problems_.push_back({source.place, std::move(problem.what), std::move(problem.remedy)});
  }

  ConfigProblems& problems() { return problems_; }

 private:
  Secret read_word(const SecretSource& source) {
    Secret secret = read_any(source);
    if (!is_one_word(secret))
      note(source, {"the secret holds a space, a line break or another character that no key has",
                    "put the secret there alone, on one line"});
    return secret;
  }

  Secret read_private_key(const SecretSource& source) {
    Secret secret = read_any(source);
    if (secret.empty()) return secret;
    if (auto problem = private_key_problem(secret)) note(source, *std::move(problem));
    return secret;
  }

  // Empty when there is a problem.
  Secret read_any(const SecretSource& source) {
    auto secret = read_secret(source);
    if (secret) return *std::move(secret);
    problems_.push_back(std::move(secret.error()));
    return {};
  }

  ConfigProblems problems_;
};

// One key in two places is found here, where the keys are known.
void note_repeated_keys(const std::vector<AccountSettings>& accounts,
                        const std::vector<AccountSecrets>& secrets, SecretReading& reading) {
  for (std::size_t later = 0; later < accounts.size(); ++later) {
    if (secrets[later].api_key.empty()) continue;
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const bool is_same_account = accounts[earlier].market == accounts[later].market &&
                                   accounts[earlier].environment == accounts[later].environment &&
                                   secrets[earlier].api_key == secrets[later].api_key;
      if (!is_same_account) continue;
      reading.note(accounts[later].api_key,
                   {fmt::format("the key is that of account {} too, on the same market and "
                                "environment",
                                in_quotes(accounts[earlier].name)),
                    "give each account a key of its own, or disable one of them"});
      break;
    }
  }
}

}  // namespace

Result<std::vector<AccountSecrets>, ConfigProblems> read_secrets(
    const Configuration& configuration) {
  SecretReading reading;
  std::vector<AccountSecrets> secrets;
  for (const AccountSettings& account : configuration.accounts)
    secrets.push_back(account.enabled ? reading.read(account) : AccountSecrets{});
  note_repeated_keys(configuration.accounts, secrets, reading);
  if (!reading.problems().empty()) return Failure<ConfigProblems>{std::move(reading.problems())};
  return secrets;
}

Result<Secret, ConfigProblems> read_bus_key(const Configuration& configuration) {
  if (!configuration.publisher.curve) return Secret{};
  const SecretSource& source = configuration.publisher.curve->secret_key;
  auto key = read_secret(source);
  if (!key) return Failure<ConfigProblems>{{std::move(key.error())}};
  if (!is_curve_key(key->reveal())) {
    return Failure<ConfigProblems>{
        {{source.place, to_string(source) + " holds no key of CURVE, which is 40 characters of Z85",
          "make one with position-bridge keygen"}}};
  }
  return *std::move(key);
}

}  // namespace bridge
