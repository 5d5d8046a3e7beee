#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"

namespace bridge {

// Where a secret is read from; never the secret itself.
struct SecretSource {
  enum class Kind : std::uint8_t {
    environment_variable,
    file,        // one that nobody but its owner can read
    credential,  // a file that systemd put into $CREDENTIALS_DIRECTORY
  };

  Kind kind = Kind::environment_variable;
  std::string name;   // of the variable or credential, or the path of the file
  ConfigPlace place;  // where the configuration says so

  friend bool operator==(const SecretSource& a, const SecretSource& b) {
    return a.kind == b.kind && a.name == b.name;
  }
};

// "env BINANCE_API_KEY", "file /etc/…", "credential main.key".
std::string to_string(const SecretSource& source);

constexpr std::size_t secret_size_max = 16UL * 1024;

// Reads the secret now, without the line breaks at its end. An empty one is a problem. A variable
// is left in the environment, so that a reload can read it again.
Result<Secret, ConfigProblem> read_secret(const SecretSource& source);

}  // namespace bridge
