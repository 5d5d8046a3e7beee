#include "bridge/app/configuration/configuration_changes.hpp"

#include <algorithm>
#include <optional>

namespace bridge {
namespace {

std::optional<std::size_t> find_enabled(const Configuration& configuration,
                                        const std::string& name) {
  const auto& accounts = configuration.accounts;
  const auto found = std::find_if(
      accounts.begin(), accounts.end(),
      [&](const AccountSettings& account) { return account.name == name && account.enabled; });
  if (found == accounts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - accounts.begin());
}

bool have_same_keys(const PreparedConfiguration& running, std::size_t before,
                    const PreparedConfiguration& next, std::size_t after) {
  return running.secrets[before].api_key == next.secrets[after].api_key &&
         running.secrets[before].signing_key == next.secrets[after].signing_key &&
         running.configuration.accounts[before].signing_method ==
             next.configuration.accounts[after].signing_method;
}

void compare_accounts(const PreparedConfiguration& running, const PreparedConfiguration& next,
                      ConfigurationChanges& changes) {
  for (std::size_t after = 0; after < next.configuration.accounts.size(); ++after) {
    const AccountSettings& account = next.configuration.accounts[after];
    if (!account.enabled) continue;
    const auto before = find_enabled(running.configuration, account.name);
    if (!before) {
      changes.added.push_back(after);
      continue;
    }
    const AccountSettings& was = running.configuration.accounts[*before];
    if (was.environment != account.environment || was.market != account.market) {
      changes.need_restart.push_back("account " + account.name + ": environment and market");
    } else if (have_same_keys(running, *before, next, after)) {
      changes.kept.push_back(after);
    } else {
      changes.rekeyed.push_back(after);
    }
  }
  for (const AccountSettings& account : running.configuration.accounts) {
    if (account.enabled && !find_enabled(next.configuration, account.name))
      changes.removed.push_back(account.name);
  }
}

void compare_settings(const PreparedConfiguration& running, const PreparedConfiguration& next,
                      std::vector<std::string>& need_restart) {
  const Configuration& before = running.configuration;
  const Configuration& after = next.configuration;
  const auto note = [&](bool is_same, const char* key) {
    if (!is_same) need_restart.emplace_back(key);
  };
  note(before.bridge.instance == after.bridge.instance, "bridge.instance");
  note(before.bridge.log_format == after.bridge.log_format, "bridge.log_format");
  note(before.publisher.bind == after.publisher.bind, "publisher.bind");
  note(before.publisher.send_high_water_mark == after.publisher.send_high_water_mark,
       "publisher.send_high_water_mark");
  note(before.publisher.heartbeat_interval == after.publisher.heartbeat_interval,
       "publisher.heartbeat_interval");
  note(before.publisher.curve.has_value() == after.publisher.curve.has_value() &&
           running.bus_key == next.bus_key,
       "publisher.curve");
  note(before.http.listen == after.http.listen, "http.listen");
  note(before.mark_price.interval == after.mark_price.interval, "mark_price.interval");
  note(before.mark_price.mode == after.mark_price.mode, "mark_price.mode");
  note(before.mark_price.stale_after == after.mark_price.stale_after, "mark_price.stale_after");
  note(before.user_stream.form == after.user_stream.form, "user_stream.form");
  note(before.reconcile.interval == after.reconcile.interval, "reconcile.interval");
}

}  // namespace

ConfigurationChanges changes_between(const PreparedConfiguration& running,
                                     const PreparedConfiguration& next) {
  ConfigurationChanges changes;
  compare_accounts(running, next, changes);
  compare_settings(running, next, changes.need_restart);
  return changes;
}

}  // namespace bridge
