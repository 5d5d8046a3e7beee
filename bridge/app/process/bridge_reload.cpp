#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "bridge/app/configuration/account_credentials.hpp"
#include "bridge/app/configuration/configuration_changes.hpp"
#include "bridge/app/log/log.hpp"
#include "bridge/app/process/bridge_process.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/io/web/tls_context.hpp"

// How a running bridge takes a new configuration: everything that can fail first, then the changes.
namespace bridge {
namespace {

using NewCredentials = std::map<std::size_t, Credentials>;  // by place in the new accounts

// Those of every account that will be connected, made before anything is changed. Nothing when one
// of them cannot be made, which has been logged.
std::optional<NewCredentials> credentials_for(const PreparedConfiguration& next,
                                              const std::vector<std::size_t>& places) {
  NewCredentials made;
  for (const std::size_t place : places) {
    const AccountSettings& account = next.configuration.accounts[place];
    auto credentials = make_credentials(account, next.secrets[place]);
    if (!credentials) {
      log(LogLevel::error, account.name, credentials.error());
      return std::nullopt;
    }
    // The authorities of an environment that is new must be readable, too.
    if (const auto tls = TlsContext::create(account.environment.ca_file); !tls) {
      log(LogLevel::error, account.name, tls.error());
      return std::nullopt;
    }
    made.emplace(place, std::move(*credentials));
  }
  return made;
}

// `next`, but for what takes effect after a restart only: that stays as it runs.
PreparedConfiguration without_what_needs_a_restart(const PreparedConfiguration& running,
                                                   PreparedConfiguration next) {
  const Configuration& was = running.configuration;
  Configuration& is = next.configuration;
  is.bridge.instance = was.bridge.instance;
  is.bridge.log_format = was.bridge.log_format;
  auto new_curve = std::move(is.publisher.curve);
  is.publisher = was.publisher;
  if (is.publisher.curve && new_curve)
    is.publisher.curve->allowed_clients = std::move(new_curve->allowed_clients);
  next.bus_key = running.bus_key;
  is.http = was.http;
  is.mark_price = was.mark_price;
  is.user_stream = was.user_stream;
  is.reconcile = was.reconcile;
  for (std::size_t place = 0; place < is.accounts.size(); ++place) {
    AccountSettings& account = is.accounts[place];
    const auto before =
        std::find_if(was.accounts.begin(), was.accounts.end(),
                     [&](const AccountSettings& one) { return one.name == account.name; });
    if (before == was.accounts.end() || !before->enabled || !account.enabled) continue;
    if (before->environment == account.environment && before->market == account.market) continue;
    account = *before;
    next.secrets[place] = running.secrets[static_cast<std::size_t>(before - was.accounts.begin())];
  }
  return next;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

void BridgeProcess::reload() {
  const std::filesystem::path file = running_.configuration.file;
  log(LogLevel::info, {}, "reloading " + file.string());
  auto next = prepare_configuration(file);
  if (!next) {
    for (const ConfigProblem& problem : next.error()) log(LogLevel::error, {}, to_string(problem));
  } else {
    const ConfigurationChanges changes = changes_between(running_, *next);
    if (take(std::move(*next), changes)) {
      configuration_load_.successful.set(true);
      configuration_load_.at_us.set(to_us(read_wall_clock()));
      return;
    }
  }
  configuration_load_.successful.set(false);
  log(LogLevel::error, {},
      "the configuration was not taken and nothing has changed: " + file.string() +
          "; position-bridge check says what is wrong with it");
}

bool BridgeProcess::take(PreparedConfiguration next, const ConfigurationChanges& changes) {
  auto connecting = changes.added;
  connecting.insert(connecting.end(), changes.rekeyed.begin(), changes.rekeyed.end());
  const auto is_failed = [this, &next](std::size_t place) {
    const std::string& name = next.configuration.accounts[place].name;
    return driver_with(name)->has_failed(name);
  };
  std::copy_if(changes.kept.begin(), changes.kept.end(), std::back_inserter(connecting), is_failed);
  auto credentials = credentials_for(next, connecting);
  if (!credentials) return false;

  set_log_level(next.configuration.bridge.log_level);
  running_ = without_what_needs_a_restart(running_, std::move(next));
  const auto& accounts = running_.configuration.accounts;
  const std::unique_lock lock{accounts_mutex_};
  for (const std::string& name : changes.removed) {
    log(LogLevel::info, name, "removed by the configuration");
    driver_with(name)->remove_account(name);
  }
  for (const std::size_t place : changes.kept)
    driver_with(accounts[place].name)->set_listen_key_on_stop(accounts[place]);
  for (auto& [place, made] : *credentials) {
    const AccountSettings& account = accounts[place];
    if (EnvironmentDriver* const driver = driver_with(account.name)) {
      log(LogLevel::info, account.name, "connecting anew, by the configuration");
      driver->restart_account(account, std::move(made));
      continue;
    }
    log(LogLevel::info, account.name, "added by the configuration");
    const auto driver = driver_of(account.environment);
    BRIDGE_ASSERT(driver.has_value());  // its authorities have just been read
    (*driver)->add_account(account, std::move(made));
  }
  if (access_ && running_.configuration.publisher.curve) {
    const auto taken = set_allowed_clients(running_.configuration.publisher.curve->allowed_clients);
    if (!taken) {
      exit_code_ = taken.error();
      begin_to_stop("stopping: the bus cannot go on");
    }
  }
  if (!changes.need_restart.empty())
    log(LogLevel::warn, {},
        "changed in the configuration, and in effect after a restart only: " +
            join(changes.need_restart));
  log(LogLevel::info, {},
      "reloaded: " + std::to_string(changes.added.size()) + " accounts added, " +
          std::to_string(changes.removed.size()) + " removed, " +
          std::to_string(credentials->size() - changes.added.size()) + " connected anew, " +
          std::to_string(changes.kept.size()) + " left as they are");
  return true;
}

EnvironmentDriver* BridgeProcess::driver_with(std::string_view account) {
  const auto found = std::find_if(drivers_.begin(), drivers_.end(), [account](const auto& driver) {
    return driver->has_account(account);
  });
  return found == drivers_.end() ? nullptr : found->get();
}

}  // namespace bridge
