#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "bridge/app/configuration/config_reader.hpp"
#include "bridge/app/configuration/configuration.hpp"

// The tables of a configuration, each checked by itself.
namespace bridge {

// Account and environment names: what may stand in a topic and a label.
bool is_name(std::string_view text);
extern const std::string_view name_rule;

// Where the file has no such table, the defaults.
BridgeSettings read_bridge_settings(ConfigReading& reading, const toml::table& table);
PublisherSettings read_publisher_settings(ConfigReading& reading, const toml::table& table);
HttpSettings read_http_settings(ConfigReading& reading, const toml::table& table);
MarkPriceSettings read_mark_price_settings(ConfigReading& reading, const toml::table& table);
UserStreamSettings read_user_stream_settings(ConfigReading& reading, const toml::table& table);
ReconcileSettings read_reconcile_settings(ConfigReading& reading, const toml::table& table);

// The environments of the file by name; those with problems are among them, incomplete, so that an
// account is not told that they do not exist.
using Environments = std::map<std::string, Environment, std::less<>>;
Environments read_environments(ConfigReading& reading, const toml::table& table);

}  // namespace bridge
