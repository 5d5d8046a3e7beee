#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/app/configuration/config_address.hpp"
#include "bridge/app/configuration/config_problem.hpp"
#include "bridge/app/configuration/environments.hpp"
#include "bridge/app/configuration/secret_source.hpp"
#include "bridge/core/exchange/mark_price_interval.hpp"
#include "bridge/core/exchange/mark_price_mode.hpp"
#include "bridge/core/exchange/user_stream_form.hpp"
#include "bridge/core/subscribers/allowed_client.hpp"
#include "bridge/core/values/log_level.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/core/values/time.hpp"

// What a configuration file says, checked. config/bridge.toml explains every key.
namespace bridge {

enum class LogFormat : std::uint8_t { text, json };

std::string_view to_string(LogFormat format);  // text, json

// [bridge]
struct BridgeSettings {
  std::string instance;  // never empty: the host's name where the file has none
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

// [publisher.curve]
struct CurveSettings {
  SecretSource secret_key;  // a file, with 40 characters of Z85
  std::vector<AllowedClient> allowed_clients;
};

// [publisher]
struct PublisherSettings {
  std::vector<std::string> bind{"tcp://127.0.0.1:5556"};  // as libzmq takes them; never empty
  int send_high_water_mark = 20'000;
  Duration heartbeat_interval = std::chrono::seconds{1};
  std::optional<CurveSettings> curve;
};

// [http]
struct HttpSettings {
  ListenAddress listen{"127.0.0.1", 9464};
  bool allow_remote = false;
  bool per_symbol_metrics = false;
};

// [mark_price]
struct MarkPriceSettings {
  MarkPriceInterval interval = MarkPriceInterval::one_second;
  MarkPriceMode mode = MarkPriceMode::per_symbol;
  Duration stale_after = std::chrono::seconds{10};
};

// [user_stream]
struct UserStreamSettings {
  std::optional<UserStreamForm> form;  // nothing: "auto"
};

// [reconcile]
struct ReconcileSettings {
  Duration interval = std::chrono::seconds{60};  // zero: off
};

// How an account's requests are signed.
enum class SigningMethod : std::uint8_t {
  hmac,         // HMAC-SHA256 with api_secret
  private_key,  // RSA or Ed25519, as the PEM file in private_key says
};

// [[account]]
struct AccountSettings {
  std::string name;  // [A-Za-z0-9_-]{1,32}, unique
  Market market = Market::usdm;
  Environment environment;
  SecretSource api_key;
  SigningMethod signing_method = SigningMethod::hmac;
  SecretSource signing_key;  // api_secret or private_key
  bool enabled = true;
  bool close_listen_key_on_stop = false;
};

struct Configuration {
  std::filesystem::path file;
  BridgeSettings bridge;
  PublisherSettings publisher;
  HttpSettings http;
  MarkPriceSettings mark_price;
  UserStreamSettings user_stream;
  ReconcileSettings reconcile;
  std::vector<AccountSettings> accounts;  // in the file's order; at least one is enabled
};

// Reads and checks the file, without reading any secret. On failure: every problem of the file, in
// its order. Relative paths in the file start from the file's own directory.
Result<Configuration, ConfigProblems> load_configuration(const std::filesystem::path& file);

struct AccountSecrets {
  Secret api_key;
  Secret signing_key;  // the HMAC secret, or a private key in PEM
};

// The secrets of every account, in the order of `accounts`; those of disabled accounts are not read
// and stay empty. On failure: everything that is missing or refused, at once.
Result<std::vector<AccountSecrets>, ConfigProblems> read_secrets(
    const Configuration& configuration);

// The secret key of an encrypted bus; empty when the bus is not encrypted. On failure likewise.
Result<Secret, ConfigProblems> read_bus_key(const Configuration& configuration);

// What would run, for people: `position-bridge check` prints it. Says what is insecure about it,
// and where secrets come from, but no secret.
std::string describe(const Configuration& configuration);

// What starts and where it goes, for the log; the account is empty where it is about the bridge.
struct StartFact {
  std::string account;
  std::string text;
};
std::vector<StartFact> facts_at_start(const Configuration& configuration);

// What is insecure about it, a sentence each; empty: nothing known.
std::vector<std::string> insecurities(const Configuration& configuration);

}  // namespace bridge
