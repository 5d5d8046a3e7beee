#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "bridge/app/configuration/config_duration.hpp"
#include "bridge/app/configuration/configuration.hpp"

// A configuration for people to read before they start it.
namespace bridge {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces between them.
std::string format_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format(" {:<{}} ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string describe_encryption(const PublisherSettings& publisher) {
  if (!publisher.curve) return "none: whoever can connect can read";
  std::string names;
  for (const AllowedClient& client : publisher.curve->allowed_clients)
    names += (names.empty() ? "" : ", ") + client.name;
  return fmt::format("CURVE, key from {}; may connect: {}", to_string(publisher.curve->secret_key),
                     names.empty() ? "nobody" : names);
}

std::string describe_mark_prices(const MarkPriceSettings& mark_price) {
  return fmt::format("{}, every {}, stale after {}", to_string(mark_price.mode),
                     to_string(mark_price.interval), format_duration(mark_price.stale_after));
}

std::string describe_reconcile(Duration interval) {
  return interval == Duration::zero() ? "off: positions are never compared with the exchange's"
                                      : "every " + format_duration(interval);
}

std::string addressing_of(const UserStreamSettings& settings) {
  if (settings.form) return fmt::format("addressed by {}", to_string(*settings.form));
  return "addressed in the form that turns out to work (auto)";
}

std::string describe_settings(const Configuration& configuration) {
  const PublisherSettings& publisher = configuration.publisher;
  return format_table({
      {"instance", configuration.bridge.instance},
      {"publishes on", fmt::format("{}", fmt::join(publisher.bind, ", "))},
      {"",
       fmt::format("heartbeat every {}, {} messages queued per subscriber",
                   format_duration(publisher.heartbeat_interval), publisher.send_high_water_mark)},
      {"encryption", describe_encryption(publisher)},
      {"http", fmt::format("http://{} (/metrics /healthz /readyz /status)",
                           to_string(configuration.http.listen))},
      {"mark prices", describe_mark_prices(configuration.mark_price)},
      {"user streams", addressing_of(configuration.user_stream)},
      {"reconcile", describe_reconcile(configuration.reconcile.interval)},
      {"log", fmt::format("{}, from level {}", to_string(configuration.bridge.log_format),
                          to_string(configuration.bridge.log_level))},
  });
}

// One for each market that its accounts trade on.
struct UsedEnvironment {
  const Environment* environment;
  Market market;
};

std::vector<UsedEnvironment> used_environments(const Configuration& configuration) {
  std::vector<UsedEnvironment> used;
  for (const AccountSettings& account : configuration.accounts) {
    const bool is_known = std::any_of(used.begin(), used.end(), [&](const UsedEnvironment& one) {
      return *one.environment == account.environment && one.market == account.market;
    });
    if (!is_known) used.push_back({&account.environment, account.market});
  }
  return used;
}

std::string describe_environments(const Configuration& configuration) {
  std::vector<Row> rows{{"environment", "market", "what", "where"}};
  for (const auto& [environment, market] : used_environments(configuration)) {
    rows.push_back(
        {environment->name, std::string{to_string(market)}, "REST", to_string(environment->rest)});
    rows.push_back({"", "", "user streams", to_string(environment->user_stream)});
    rows.push_back({"", "", "market streams", to_string(environment->market_stream)});
    if (environment->ca_file)
      rows.push_back({"", "", "trusted authorities", environment->ca_file->string()});
  }
  return format_table(rows);
}

std::string_view describe(SigningMethod method) {
  return method == SigningMethod::hmac ? "HMAC" : "private key";
}

std::string describe_accounts(const Configuration& configuration) {
  std::vector<Row> rows{
      {"account", "market", "environment", "api key", "signs with", "from", "enabled"}};
  for (const AccountSettings& account : configuration.accounts) {
    rows.push_back({account.name, std::string{to_string(account.market)}, account.environment.name,
                    to_string(account.api_key), std::string{describe(account.signing_method)},
                    to_string(account.signing_key), account.enabled ? "yes" : "no"});
  }
  return format_table(rows);
}

void note_open_addresses(const Configuration& configuration, std::vector<std::string>& notes) {
  for (const std::string& endpoint : configuration.publisher.bind) {
    if (!configuration.publisher.curve && endpoint.starts_with("tcp://"))
      notes.push_back(fmt::format(
          "Every user and program of this machine can read the positions from {}.", endpoint));
  }
  const ListenAddress& listen = configuration.http.listen;
  if (!is_loopback(listen.host))
    notes.push_back(fmt::format(
        "http://{} shows accounts and symbols to whoever can reach it, without encryption.",
        to_string(listen)));
}

void note_open_connections(const Configuration& configuration, std::vector<std::string>& notes) {
  for (const auto& [environment, market] : used_environments(configuration)) {
    for (const Url* url :
         std::array{&environment->rest, &environment->user_stream, &environment->market_stream}) {
      if (!url->is_encrypted())
        notes.push_back(fmt::format("Environment {} is reached without encryption: {}.",
                                    environment->name, to_string(*url)));
    }
  }
}

void note_exposed_secrets(const Configuration& configuration, std::vector<std::string>& notes) {
  std::string names;
  for (const AccountSettings& account : configuration.accounts) {
    const auto is_variable = [](const SecretSource& source) {
      return source.kind == SecretSource::Kind::environment_variable;
    };
    if (!account.enabled || !(is_variable(account.api_key) || is_variable(account.signing_key)))
      continue;
    names += (names.empty() ? "" : ", ") + account.name;
  }
  if (!names.empty())
    notes.push_back(fmt::format(
        "Secrets come from environment variables, which every program of the same user can read "
        "in /proc; files or systemd credentials are safer: {}.",
        names));
}

}  // namespace

std::vector<std::string> insecurities(const Configuration& configuration) {
  std::vector<std::string> notes;
  note_open_addresses(configuration, notes);
  note_open_connections(configuration, notes);
  note_exposed_secrets(configuration, notes);
  return notes;
}

std::vector<StartFact> facts_at_start(const Configuration& configuration) {
  std::vector<StartFact> facts{
      {"", "mark prices: " + describe_mark_prices(configuration.mark_price)},
      {"", "comparison with the exchange: " + describe_reconcile(configuration.reconcile.interval)},
  };
  for (const auto& [environment, market] : used_environments(configuration)) {
    const std::string trusts =
        environment->ca_file ? ", trusts only " + environment->ca_file->string() : "";
    facts.push_back(
        {"", fmt::format("environment {}, {}: REST {}, user streams {}, market streams "
                         "{}{}",
                         environment->name, to_string(market), to_string(environment->rest),
                         to_string(environment->user_stream), to_string(environment->market_stream),
                         trusts)});
  }
  for (const AccountSettings& account : configuration.accounts) {
    facts.push_back({account.name,
                     account.enabled
                         ? fmt::format("{} on {}: API key from {}, signs by {} from {}",
                                       to_string(account.market), account.environment.name,
                                       to_string(account.api_key), describe(account.signing_method),
                                       to_string(account.signing_key))
                         : "disabled: left alone"});
  }
  return facts;
}

std::string describe(const Configuration& configuration) {
  std::string text = fmt::format("{} is valid. This would run:\n\n", configuration.file.string());
  text += describe_settings(configuration) + "\n";
  text += describe_environments(configuration) + "\n";
  text += describe_accounts(configuration) + "\n";
  const std::vector<std::string> notes = insecurities(configuration);
  text += notes.empty() ? "Nothing about it is known to be insecure.\n" : "What is insecure:\n";
  for (const std::string& note : notes) text += "  - " + note + "\n";
  return text;
}

}  // namespace bridge
