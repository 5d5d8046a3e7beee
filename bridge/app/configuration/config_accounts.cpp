#include "bridge/app/configuration/config_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "bridge/app/configuration/config_suggestion.hpp"

namespace bridge {
namespace {

constexpr std::array markets{Choice<Market>{"usdm", Market::usdm},
                             Choice<Market>{"coinm", Market::coinm},
                             Choice<Market>{"portfolio-margin", Market::portfolio_margin}};

constexpr std::string_view source_remedy =
    "say where it is: { env = \"VARIABLE\" }, { file = \"path\" } or { credential = \"name\" }";

// Someone may write the secret itself where the name of its place belongs. Such a text is refused
// without being repeated. Binance's keys are 64 letters and digits.
bool looks_like_a_secret(std::string_view text) {
  constexpr std::size_t name_size_max = 31;
  const bool is_one_run =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  return text.find("-----") != text.npos || text.find('\n') != text.npos ||
         (text.size() > name_size_max && is_one_run);
}

bool is_variable_name(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

bool is_credential_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && text.find('/') == text.npos &&
         text.find('\0') == text.npos;
}

struct SourceForm {
  std::string_view key;
  SecretSource::Kind kind;
  bool (*is_valid)(std::string_view);
  std::string_view rule;
};

constexpr std::array source_forms{
    SourceForm{"env", SecretSource::Kind::environment_variable, is_variable_name,
               "write the name of an environment variable: letters, digits and _"},
    SourceForm{"file", SecretSource::Kind::file,
               [](std::string_view text) { return !text.empty() && text.find('\0') == text.npos; },
               "write the path of a file"},
    SourceForm{"credential", SecretSource::Kind::credential, is_credential_name,
               "write the name of a systemd credential, without /"},
};

// No text of a wrong value is repeated here: it may be the secret.
void read_source_table(ConfigReading& reading, const toml::table& table, const ConfigPlace& where,
                       SecretSource& source) {
  const auto problem = [&](ConfigPlace place, std::string what, std::string_view remedy) {
    reading.problems.push_back({std::move(place), std::move(what), std::string{remedy}});
  };
  const toml::node* value = nullptr;
  const auto form = std::find_if(source_forms.begin(), source_forms.end(), [&](const auto& one) {
    return (value = table.get(one.key)) != nullptr;
  });
  if (table.size() != 1 || form == source_forms.end())
    return problem(where, "must name exactly one place", source_remedy);
  ConfigPlace value_place =
      place_of(reading, value->source(), fmt::format("{}.{}", where.key, form->key));
  if (!value->is_string())
    return problem(value_place, fmt::format("must be text, but is {}", type_name(*value)),
                   form->rule);
  const std::string& text = value->as_string()->get();
  if (looks_like_a_secret(text))
    return problem(value_place, "looks like the secret itself, which is never given in this file",
                   form->rule);
  if (!form->is_valid(text)) return problem(value_place, "names no place", form->rule);
  source.kind = form->kind;
  source.name = form->kind == SecretSource::Kind::file
                    ? (reading.directory / text).lexically_normal().string()
                    : text;
}

bool read_secret_source(ConfigReading& reading, TableReader& reader, std::string_view key,
                        SecretSource& source) {
  const toml::node* const value = reader.node(key);
  if (value == nullptr) return false;
  source.place = reader.place(key);
  const std::size_t problems_before = reading.problems.size();
  if (value->is_string()) {
    reader.problem(key, "a secret is never given in this file", std::string{source_remedy});
  } else if (!value->is_table()) {
    reader.problem(key, fmt::format("must be a table, but is {}", type_name(*value)),
                   std::string{source_remedy});
  } else {
    read_source_table(reading, *value->as_table(), source.place, source);
  }
  return reading.problems.size() == problems_before;
}

void read_name(TableReader& reader, const std::vector<AccountSettings>& earlier,
               AccountSettings& account) {
  reader.require("name", "name the account, such as name = \"main\"");
  if (!reader.read("name", account.name)) return;
  if (!is_name(account.name)) {
    reader.problem("name", in_quotes(account.name) + " is no valid name of an account",
                   std::string{name_rule});
  } else if (account.name == "all") {
    reader.problem("name", "\"all\" means every account on the bus",
                   "give the account another name");
  } else if (std::any_of(earlier.begin(), earlier.end(), [&](const AccountSettings& other) {
               return other.name == account.name;
             })) {
    reader.problem("name", in_quotes(account.name) + " is the name of an earlier account",
                   "give every account a name of its own");
  }
}

void read_environment_of(TableReader& reader, const Environments& environments,
                         AccountSettings& account) {
  reader.require("environment", "say where the account is, such as environment = \"mainnet\"");
  std::string name;
  if (!reader.read("environment", name)) return;
  if (const auto found = environments.find(name); found != environments.end()) {
    account.environment = found->second;
    return;
  }
  if (is_built_in_environment(name)) {
    // Without endpoints for the market: that the market is not served has been said.
    account.environment = built_in_environment(name, account.market).value_or(Environment{});
    return;
  }
  std::vector<std::string_view> known{"mainnet", "testnet"};
  for (const auto& [other, environment] : environments) known.push_back(other);
  reader.problem("environment", in_quotes(name) + " is no environment", suggestion(name, known));
}

void read_market(TableReader& reader, AccountSettings& account) {
  reader.require("market", "say what the account trades on, such as market = \"usdm\"");
  if (reader.read("market", account.market, markets) && account.market != Market::usdm)
    reader.problem("market",
                   fmt::format("\"{}\" is not served by this version", to_string(account.market)),
                   "write \"usdm\", or remove the account");
}

void read_keys(ConfigReading& reading, TableReader& reader, AccountSettings& account) {
  reader.require("api_key", source_remedy);
  const bool has_api_key = read_secret_source(reading, reader, "api_key", account.api_key);
  if (reader.has("api_secret") && reader.has("private_key")) {
    reader.problem("private_key", "is given together with api_secret",
                   "keep api_secret for an HMAC key, or private_key for an RSA or Ed25519 key");
  } else if (!reader.has("api_secret") && !reader.has("private_key")) {
    reader.problem("api_secret", "is missing",
                   "say where it is, such as api_secret = { env = \"BINANCE_API_SECRET\" }, or "
                   "give private_key = { file = \"key.pem\" } for an RSA or Ed25519 key");
  }
  account.signing_method =
      reader.has("private_key") ? SigningMethod::private_key : SigningMethod::hmac;
  // Both are read when both are there, so that what is wrong within is said as well.
  for (const std::string_view key : {"api_secret", "private_key"}) {
    const bool has_key = read_secret_source(reading, reader, key, account.signing_key);
    if (has_key && has_api_key && account.signing_key == account.api_key)
      reader.problem(key, "is read from the same place as api_key",
                     "name the place of each of the two");
  }
}

// The same key twice would publish one account's positions under two names.
void check_key_is_unique(TableReader& reader, const std::vector<AccountSettings>& earlier,
                         const AccountSettings& account) {
  if (!account.enabled || account.api_key.name.empty()) return;
  const auto other = std::find_if(earlier.begin(), earlier.end(), [&](const AccountSettings& one) {
    return one.enabled && one.market == account.market && one.api_key == account.api_key &&
           one.environment.name == account.environment.name;
  });
  if (other == earlier.end()) return;
  reader.problem("api_key",
                 fmt::format("is the key of account {} too, on the same market and environment",
                             in_quotes(other->name)),
                 "give each account a key of its own, or disable one of them");
}

AccountSettings read_account(ConfigReading& reading, const toml::table& table,
                             const std::string& numbered_path, const Environments& environments,
                             const std::vector<AccountSettings>& earlier) {
  const auto name = table["name"].value<std::string>();
  TableReader reader{reading, table, schema::account,
                     name && is_name(*name) ? "account." + *name : numbered_path};
  AccountSettings account;
  read_name(reader, earlier, account);
  read_market(reader, account);
  read_environment_of(reader, environments, account);
  reader.read("enabled", account.enabled);
  reader.read("close_listen_key_on_stop", account.close_listen_key_on_stop);
  read_keys(reading, reader, account);
  check_key_is_unique(reader, earlier, account);
  return account;
}

}  // namespace

std::vector<AccountSettings> read_accounts(ConfigReading& reading, TableReader& root,
                                           const Environments& environments) {
  std::vector<AccountSettings> accounts;
  root.for_each_table(
      "account", "[[account]], with two brackets on each side",
      [&](const toml::table& table, const std::string& path) {
        accounts.push_back(read_account(reading, table, path, environments, accounts));
      });
  const toml::node* const value = root.node("account");
  const bool is_readable = value == nullptr || value->is_array();
  if (is_readable && std::none_of(accounts.begin(), accounts.end(),
                                  [](const AccountSettings& one) { return one.enabled; }))
    root.problem("account", "no account is enabled, so there is nothing to do",
                 "add an [[account]] with name, market, environment and keys, or set enabled = "
                 "true");
  return accounts;
}

}  // namespace bridge
