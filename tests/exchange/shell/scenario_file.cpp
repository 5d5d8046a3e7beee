#include "tests/exchange/shell/scenario_file.hpp"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/exchange/shell/toml_reader.hpp"

namespace exchange {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

bool is_known_symbol(std::string_view name) {
  for (const SymbolSpec& spec : all_symbols()) {
    if (spec.name == name) return true;
  }
  return false;
}

void check_symbols(TomlTable& table, std::string_view key, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!is_known_symbol(name)) table.error(key, "there is no symbol \"" + name + "\"");
  }
}

MarginType read_margin_type(TomlTable& table, MarginType otherwise) {
  const auto index =
      table.choice("margin_type", {"cross", "isolated"}, static_cast<std::size_t>(otherwise));
  return static_cast<MarginType>(index);
}

Rules read_rules(const toml::table& source, TomlErrors& errors) {
  TomlTable table(source, errors);
  Rules rules;
  rules.listen_key_life_ms = table.duration("listen_key_life", rules.listen_key_life_ms);
  rules.connection_age_max_ms = table.duration("connection_age_max", rules.connection_age_max_ms);
  rules.ping_interval_ms = table.duration("ping_interval", rules.ping_interval_ms);
  rules.pong_timeout_ms = table.duration("pong_timeout", rules.pong_timeout_ms);
  rules.mark_price_interval_ms = table.duration("mark_price_interval", second_ms);
  if (rules.mark_price_interval_ms % second_ms != 0 || rules.mark_price_interval_ms < second_ms ||
      rules.mark_price_interval_ms > hour_ms) {
    table.error("mark_price_interval", "must be whole seconds, at most an hour");
    rules.mark_price_interval_ms = second_ms;
  }
  rules.event_delay_max_ms = table.duration("event_delay_max", rules.event_delay_max_ms);
  const auto number = [&table](std::string_view key, int& value) {
    value = static_cast<int>(table.integer(key, value, 1, 1'000'000));
  };
  number("messages_per_second_max", rules.messages_per_second_max);
  number("streams_per_connection_max", rules.streams_per_connection_max);
  number("weight_per_minute_max", rules.weight_per_minute_max);
  rules.expired_twice_percent =
      static_cast<int>(table.integer("expired_twice_percent", rules.expired_twice_percent, 0, 100));
  rules.timestamps = static_cast<Timestamps>(table.choice("timestamps", {"checked", "ignored"}, 0));
  rules.without_events =
      static_cast<Delivery>(table.choice("without_events", {"silent", "delivers"}, 1));
  rules.key_in_path = static_cast<Delivery>(table.choice("key_in_path", {"silent", "delivers"}, 0));
  rules.list_subscriptions =
      static_cast<Rules::Listing>(table.choice("list_subscriptions", {"streams", "nothing"}, 0));
  table.finish();
  return rules;
}

TradingPlan read_trading(const toml::table& source, TomlErrors& errors) {
  TomlTable table(source, errors);
  TradingPlan plan;
  plan.mean_interval_ms = table.duration("mean_interval", 2 * second_ms);
  const auto number = [&table](std::string_view key, int& value, std::int64_t low) {
    value = static_cast<int>(table.integer(key, value, low, 1'000));
  };
  number("positions_max", plan.positions_max, 1);
  number("open", plan.open, 0);
  number("add", plan.add, 0);
  number("reduce", plan.reduce, 0);
  number("flip", plan.flip, 0);
  number("close", plan.close, 0);
  plan.symbols = table.texts("symbols");
  check_symbols(table, "symbols", plan.symbols);
  table.finish();
  return plan;
}

StartPosition read_position(const toml::table& source, PositionMode mode, TomlErrors& errors) {
  TomlTable table(source, errors);
  StartPosition position;
  position.symbol = table.required_text("symbol");
  check_symbols(table, "symbol", {position.symbol});
  const bool is_long = table.choice("side", {"LONG", "SHORT"}, 0) == 0;
  const Amount quantity = table.amount("quantity").value_or(Amount());
  if (quantity.sign() <= 0) table.error("quantity", "must be above zero, in quotes");
  position.signed_quantity = is_long ? quantity : -quantity;
  if (mode == PositionMode::hedge) {
    position.side = is_long ? PositionSide::long_leg : PositionSide::short_leg;
  }
  position.entry_price = table.amount("entry_price");
  if (table.find("leverage") != nullptr) {
    position.leverage = static_cast<int>(table.integer("leverage", 20, 1, 125));
  }
  if (table.find("margin_type") != nullptr) {
    position.margin_type = read_margin_type(table, MarginType::cross);
  }
  table.finish();
  return position;
}

void read_credentials(TomlTable& table, AccountSetup& account, const TomlErrors& errors) {
  account.api_key = table.required_text("api_key");
  const std::optional<std::string> secret = table.text("api_secret");
  const std::optional<std::string> key_file = table.text("public_key_file");
  if (secret.has_value() == key_file.has_value()) {
    table.error("api_secret", "exactly one of api_secret and public_key_file is needed");
    return;
  }
  if (secret) {
    account.verifier = Verifier::from_secret(*secret);
    return;
  }
  const fs::path path = fs::path(errors.file).parent_path() / *key_file;
  const std::optional<std::string> pem = read_file(path);
  if (!pem) return table.error("public_key_file", path.string() + " cannot be read");
  const auto verifier = Verifier::from_public_key(*pem);
  if (!verifier) return table.error("public_key_file", path.string() + " " + verifier.error());
  account.verifier = *verifier;
}

std::map<std::string, Amount> read_wallets(TomlTable& table, TomlErrors& errors) {
  const toml::table* const source = table.table("wallet");
  if (source == nullptr) {
    return {{"BTC", Amount::whole(1)},
            {"USDC", Amount::whole(100'000)},
            {"USDT", Amount::whole(100'000)}};
  }
  std::map<std::string, Amount> wallets;
  TomlTable wallet(*source, errors);
  for (const auto& [asset, node] : *source) {
    const std::optional<Amount> amount = wallet.amount(asset.str());
    if (amount) wallets[std::string(asset.str())] = *amount;
  }
  return wallets;
}

AccountSetup read_account(const toml::table& source, TomlErrors& errors) {
  TomlTable table(source, errors);
  AccountSetup account;
  account.name = table.required_text("name");
  read_credentials(table, account, errors);
  account.mode = static_cast<PositionMode>(table.choice("mode", {"one-way", "hedge"}, 0));
  account.setting.leverage = static_cast<int>(table.integer("leverage", 20, 1, 125));
  account.setting.margin_type = read_margin_type(table, MarginType::cross);
  account.wallets = read_wallets(table, errors);
  for (const toml::table* const position : table.tables("positions")) {
    account.positions.push_back(read_position(*position, account.mode, errors));
  }
  if (const toml::table* const trading = table.table("trading")) {
    account.trading = read_trading(*trading, errors);
  }
  table.finish();
  return account;
}

/// What only some kinds of fault look at.
void read_fault_details(TomlTable& table, Fault& fault) {
  fault.close_code = static_cast<int>(table.integer("close_code", 0, 0, 4'999));
  fault.reason = table.text("reason").value_or("");
  fault.endpoint = table.text("endpoint").value_or("");
  fault.http_status = static_cast<int>(table.integer("http_status", 0, 0, 599));
  fault.code = static_cast<int>(table.integer("code", fault.code, -99'999, 99'999));
  fault.message = table.text("message").value_or("");
  fault.address = table.text("address").value_or(fault.address);
  fault.delay_ms = table.duration("delay", fault.delay_ms);
  fault.offset_ms = table.offset("offset", 0);
  fault.symbol = table.text("symbol").value_or("");
  if (!fault.symbol.empty()) check_symbols(table, "symbol", {fault.symbol});
  fault.event = table.text("event").value_or("");
  fault.percent = static_cast<int>(table.integer("percent", fault.percent, 0, 100));
  fault.form = static_cast<Malformation>(
      table.choice("form", {"broken_json", "missing_field", "unknown_event"}, 0));
}

ScheduledFault read_fault(const toml::table& source, TomlErrors& errors) {
  TomlTable table(source, errors);
  ScheduledFault scheduled;
  Fault& fault = scheduled.fault;
  scheduled.after_ms = table.duration("after", 0);
  const std::string kind = table.required_text("kind");
  if (const std::optional<FaultKind> known = parse_fault_kind(kind)) {
    fault.kind = *known;
  } else {
    table.error("kind", "\"" + kind + "\" is not a fault that can be simulated");
  }
  fault.scope = static_cast<FaultScope>(table.choice("scope", {"everything", "market", "user"}, 0));
  fault.account = table.text("account").value_or("");
  fault.duration_ms = table.duration("duration", 0);
  fault.count = static_cast<int>(table.integer("count", 0, 0, 1'000'000));
  read_fault_details(table, fault);
  table.finish();
  return scheduled;
}

FaultProfile read_random_faults(const toml::table& source, TomlErrors& errors) {
  TomlTable table(source, errors);
  FaultProfile profile;
  profile.mean_interval_ms = table.duration("mean_interval", minute_ms);
  profile.duration_max_ms = table.duration("duration_max", profile.duration_max_ms);
  profile.delay_max_ms = table.duration("delay_max", profile.delay_max_ms);
  profile.from_ms = table.duration("from", 0);
  profile.until_ms = table.duration("until", never_ms);
  if (table.find("seed") != nullptr) {
    profile.seed = static_cast<std::uint64_t>(table.integer("seed", 1, 0, INT64_MAX));
  }
  if (const toml::table* const weights = table.table("weights")) {
    TomlTable kinds(*weights, errors);
    for (const FaultKind kind : all_fault_kinds()) {
      const std::string_view name = fault_kind_text(kind);
      const auto weight = static_cast<int>(kinds.integer(name, 0, 0, 1'000'000));
      if (weight > 0) profile.weights[kind] = weight;
    }
    kinds.finish();
  }
  table.finish();
  return profile;
}

UnixMs unix_ms(const toml::date_time& value) {
  namespace chrono = std::chrono;
  const chrono::year_month_day day = chrono::year(value.date.year) /
                                     static_cast<unsigned>(value.date.month) /
                                     static_cast<unsigned>(value.date.day);
  const auto midnight = chrono::sys_days(day).time_since_epoch();
  const auto minutes = chrono::hours(value.time.hour) + chrono::minutes(value.time.minute) -
                       chrono::minutes(value.offset ? value.offset->minutes : 0);
  return chrono::duration_cast<chrono::milliseconds>(midnight + minutes).count() +
         value.time.second * second_ms;
}

void read_market(const toml::table& source, Scenario& scenario, TomlErrors& errors) {
  TomlTable table(source, errors);
  scenario.symbols = table.texts("symbols");
  check_symbols(table, "symbols", scenario.symbols);
  scenario.volatility_percent =
      static_cast<int>(table.integer("volatility_percent", scenario.volatility_percent, 0, 10'000));
  scenario.funding_interval_ms =
      std::max(table.duration("funding_interval", scenario.funding_interval_ms), second_ms);
  table.finish();
}

ScenarioFile read_root(const toml::table& root, TomlErrors& errors) {
  TomlTable table(root, errors);
  ScenarioFile file;
  Scenario& scenario = file.scenario;
  scenario.seed = static_cast<std::uint64_t>(table.integer("seed", 1, 0, INT64_MAX));
  scenario.history_length =
      static_cast<std::size_t>(table.integer("history_length", 1'000, 0, 1'000'000));
  scenario.trading_enabled = table.flag("trading", true);
  if (const toml::node* const start = table.find("start_time")) {
    if (const auto value = start->value_exact<toml::date_time>()) {
      file.start_time = unix_ms(*value);
    } else {
      table.error("start_time", "must be a date and time, like 2026-11-22T12:00:00Z");
    }
  }
  if (const toml::table* const market = table.table("market")) {
    read_market(*market, scenario, errors);
  }
  if (const toml::table* const rules = table.table("rules")) {
    scenario.rules = read_rules(*rules, errors);
  }
  for (const toml::table* const account : table.tables("account")) {
    scenario.accounts.push_back(read_account(*account, errors));
  }
  for (const toml::table* const fault : table.tables("fault")) {
    scenario.faults.push_back(read_fault(*fault, errors));
  }
  if (const toml::table* const chance = table.table("random_faults")) {
    scenario.random_faults = read_random_faults(*chance, errors);
  }
  table.finish();
  return file;
}

}  // namespace

std::optional<UnixMs> parse_duration(std::string_view text) {
  UnixMs count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "ms") return count;
  if (unit == "s") return count * second_ms;
  if (unit == "m") return count * minute_ms;
  if (unit == "h") return count * hour_ms;
  return std::nullopt;
}

std::optional<UnixMs> parse_offset(std::string_view text) {
  const bool behind = text.starts_with('-');
  const std::optional<UnixMs> size = parse_duration(behind ? text.substr(1) : text);
  return size && behind ? -*size : size;
}

tl::expected<ScenarioFile, std::vector<std::string>> parse_scenario(const std::string& text,
                                                                    const std::string& name) {
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return tl::unexpected(std::vector<std::string>{name + ":" +
                                                   std::to_string(error.source().begin.line) +
                                                   ": " + std::string(error.description())});
  }
  TomlErrors errors{.file = name, .list = {}};
  ScenarioFile file = read_root(parsed.table(), errors);
  if (!errors.list.empty()) return tl::unexpected(std::move(errors.list));
  return file;
}

tl::expected<ScenarioFile, std::vector<std::string>> read_scenario(const std::string& path) {
  const std::optional<std::string> text = read_file(path);
  if (!text) return tl::unexpected(std::vector<std::string>{path + ": cannot be read"});
  return parse_scenario(*text, path);
}

}  // namespace exchange
