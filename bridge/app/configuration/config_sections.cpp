#include "bridge/app/configuration/config_sections.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "bridge/app/configuration/config_bus_endpoint.hpp"
#include "bridge/app/configuration/config_duration.hpp"
#include "bridge/core/subscribers/curve_key.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t name_size_max = 32;
constexpr std::size_t instance_size_max = 64;
constexpr int send_high_water_mark_max = 10'000'000;

constexpr DurationBounds heartbeat_bounds{100ms, 60s};
constexpr Duration stale_after_max = 1h;
constexpr DurationBounds reconcile_bounds{1s, 24h};

constexpr std::array log_levels{
    Choice<LogLevel>{"trace", LogLevel::trace}, Choice<LogLevel>{"debug", LogLevel::debug},
    Choice<LogLevel>{"info", LogLevel::info}, Choice<LogLevel>{"warn", LogLevel::warn},
    Choice<LogLevel>{"error", LogLevel::error}};
constexpr std::array log_formats{Choice<LogFormat>{"text", LogFormat::text},
                                 Choice<LogFormat>{"json", LogFormat::json}};
constexpr std::array mark_price_intervals{
    Choice<MarkPriceInterval>{"1s", MarkPriceInterval::one_second},
    Choice<MarkPriceInterval>{"3s", MarkPriceInterval::three_seconds}};
constexpr std::array mark_price_modes{
    Choice<MarkPriceMode>{"per-symbol", MarkPriceMode::per_symbol},
    Choice<MarkPriceMode>{"all", MarkPriceMode::all}};
constexpr std::array user_stream_forms{
    Choice<std::optional<UserStreamForm>>{"auto", std::nullopt},
    Choice<std::optional<UserStreamForm>>{"events", UserStreamForm::events},
    Choice<std::optional<UserStreamForm>>{"subscribe", UserStreamForm::subscribe},
    Choice<std::optional<UserStreamForm>>{"path", UserStreamForm::path}};

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return std::string{name.data()}.substr(0, instance_size_max);
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The keys that the manual of libzmq gives as examples, with the secret ones beside them.
bool is_known_to_everybody(std::string_view public_key) {
  return public_key == "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7" ||
         public_key == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
}

constexpr std::string_view client_example =
    "allowed_clients = [ { name = \"risk\", public_key = \"…\" } ]";

void read_curve_client(ConfigReading& reading, const toml::table& table, const std::string& path,
                       CurveSettings& curve) {
  TableReader reader{reading, table, schema::curve_client, path};
  const auto earlier = [&curve](std::string AllowedClient::*member, const std::string& value) {
    return std::any_of(curve.allowed_clients.begin(), curve.allowed_clients.end(),
                       [&](const AllowedClient& other) { return other.*member == value; });
  };
  AllowedClient client;
  reader.require("name", "name the client, such as name = \"risk\"");
  if (reader.read("name", client.name)) {
    if (!is_name(client.name)) {
      reader.problem("name", in_quotes(client.name) + " is no valid name", std::string{name_rule});
    } else if (earlier(&AllowedClient::name, client.name)) {
      reader.problem("name", in_quotes(client.name) + " is the name of an earlier client",
                     "give every client a name of its own");
    }
  }
  constexpr std::string_view key_remedy =
      "write the client's public key, the 40 characters of Z85 that position-bridge keygen shows";
  reader.require("public_key", key_remedy);
  if (reader.read("public_key", client.public_key)) {
    // Not repeated when wrong: it could be the secret key by mistake.
    if (!is_curve_key(client.public_key)) {
      reader.problem("public_key", "is not 40 characters of Z85", std::string{key_remedy});
    } else if (is_known_to_everybody(client.public_key)) {
      reader.problem("public_key",
                     "is an example of the manual, and everybody knows the secret key to it",
                     std::string{key_remedy});
    } else if (earlier(&AllowedClient::public_key, client.public_key)) {
      reader.problem("public_key", "is the key of an earlier client",
                     "give every client a key of its own, or one name");
    }
  }
  curve.allowed_clients.push_back(std::move(client));
}

CurveSettings read_curve_settings(ConfigReading& reading, const toml::table& table) {
  TableReader reader{reading, table, schema::curve, "publisher.curve"};
  CurveSettings curve;
  std::string secret_key_file;
  reader.require("secret_key_file",
                 "name the file that position-bridge keygen made, such as secret_key_file = "
                 "\"/etc/position-bridge/curve.secret\"");
  if (reader.read("secret_key_file", secret_key_file)) {
    curve.secret_key = {.kind = SecretSource::Kind::file,
                        .name = (reading.directory / secret_key_file).lexically_normal().string(),
                        .place = reader.place("secret_key_file")};
    if (secret_key_file.empty() || is_curve_key(secret_key_file))
      reader.problem("secret_key_file", "is not the name of a file",
                     "name the file that holds the key; the key itself is never given here");
  }
  reader.require("allowed_clients",
                 fmt::format("list who may connect, such as {}", client_example));
  reader.for_each_table("allowed_clients", client_example,
                        [&](const toml::table& client, const std::string& path) {
                          read_curve_client(reading, client, path, curve);
                        });
  return curve;
}

void read_bind(ConfigReading& reading, TableReader& reader, PublisherSettings& publisher) {
  if (!reader.has("bind")) return;
  constexpr std::string_view example = "[\"tcp://127.0.0.1:5556\"]";
  const auto reach = publisher.curve ? BusReach::anywhere : BusReach::this_machine;
  publisher.bind.clear();
  std::size_t count = 0;
  reader.for_each_text("bind", example, [&](const std::string& endpoint, ConfigPlace where) {
    ++count;
    if (auto problem = bus_endpoint_problem(endpoint, reach)) {
      reading.problems.push_back(
          {std::move(where), std::move(problem->what), std::move(problem->remedy)});
    } else if (std::find(publisher.bind.begin(), publisher.bind.end(), endpoint) !=
               publisher.bind.end()) {
      reading.problems.push_back({std::move(where), in_quotes(endpoint) + " is in the list already",
                                  "remove one of them"});
    } else {
      publisher.bind.push_back(endpoint);
    }
  });
  const toml::node* const value = reader.node("bind");
  if (value->is_array() && value->as_array()->empty())
    reader.problem("bind", "is empty, so nobody could subscribe",
                   fmt::format("name at least one endpoint, such as {}", example));
}

std::string absent_file_reason(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return std::strerror(errno);
  close(descriptor);
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) ? "" : "not a regular file";
}

void read_url(TableReader& reader, std::string_view key, UrlKind kind, Url& into) {
  reader.require(key,
                 kind == UrlKind::rest
                     ? "say where REST requests go, such as rest = \"https://fapi.binance.com\""
                     : fmt::format("say where the stream is, such as {} = "
                                   "\"wss://fstream.binance.com/{}\"",
                                   key, key == "user_stream" ? "private" : "market"));
  std::string text;
  if (!reader.read(key, text)) return;
  auto url = parse_url(text, kind);
  if (url) {
    into = *std::move(url);
  } else {
    reader.problem(key, url.error().what, url.error().remedy);
  }
}

Environment read_environment(ConfigReading& reading, const toml::table& table,
                             const std::string& name) {
  TableReader reader{reading, table, schema::environment, "environment." + name};
  Environment environment;
  environment.name = name;
  read_url(reader, "rest", UrlKind::rest, environment.rest);
  read_url(reader, "user_stream", UrlKind::stream, environment.user_stream);
  read_url(reader, "market_stream", UrlKind::stream, environment.market_stream);
  std::string ca_file;
  if (reader.read("ca_file", ca_file)) {
    environment.ca_file = (reading.directory / ca_file).lexically_normal();
    const std::string reason = absent_file_reason(*environment.ca_file);
    if (!reason.empty())
      reader.problem(
          "ca_file",
          fmt::format("{} cannot be read: {}", in_quotes(environment.ca_file->string()), reason),
          "name a file of certificates in PEM; a relative path starts from the "
          "directory of this file");
  }
  return environment;
}

// A table of the file, or an empty one that stands for the defaults.
const toml::table& section(const toml::table& root, std::string_view key) {
  static const toml::table nothing;
  const toml::table* const table = root[key].as_table();
  return table != nullptr ? *table : nothing;
}

}  // namespace

const std::string_view name_rule = "use 1 to 32 letters, digits, _ and -";

bool is_name(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= name_size_max &&
         text.find_first_not_of(letters) == text.npos;
}

BridgeSettings read_bridge_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "bridge"), schema::bridge, "bridge"};
  BridgeSettings bridge;
  bridge.instance = host_name();
  if (reader.read("instance", bridge.instance)) {
    const std::string& instance = bridge.instance;
    if (instance.empty() || instance.size() > instance_size_max || !is_printable(instance))
      reader.problem("instance", in_quotes(instance) + " is no valid name of an instance",
                     fmt::format("use 1 to {} bytes of printable text", instance_size_max));
  }
  reader.read("log_level", bridge.log_level, log_levels);
  reader.read("log_format", bridge.log_format, log_formats);
  return bridge;
}

PublisherSettings read_publisher_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "publisher"), schema::publisher, "publisher"};
  PublisherSettings publisher;
  if (const toml::table* curve = reader.table("curve", "[publisher.curve]"))
    publisher.curve = read_curve_settings(reading, *curve);
  read_bind(reading, reader, publisher);
  reader.read("send_high_water_mark", publisher.send_high_water_mark, 1, send_high_water_mark_max);
  reader.read("heartbeat_interval", publisher.heartbeat_interval, heartbeat_bounds);
  return publisher;
}

HttpSettings read_http_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "http"), schema::http, "http"};
  HttpSettings http;
  reader.read("allow_remote", http.allow_remote);
  reader.read("per_symbol_metrics", http.per_symbol_metrics);
  if (http.per_symbol_metrics)
    reader.problem("per_symbol_metrics", "metrics by symbol are not served by this version",
                   "write false");
  std::string listen;
  if (!reader.read("listen", listen)) return http;
  const auto address = parse_listen_address(listen);
  if (!address) {
    reader.problem("listen", in_quotes(listen) + " is no address and port",
                   "write them like \"127.0.0.1:9464\" or \"[::1]:9464\", with a port from 1 to "
                   "65535");
  } else if (!is_loopback(address->host) && !http.allow_remote) {
    reader.problem("listen", in_quotes(listen) + " can be reached from other machines",
                   "write a loopback address such as \"127.0.0.1:9464\", or set allow_remote = "
                   "true if that is meant");
  } else {
    http.listen = *address;
  }
  return http;
}

MarkPriceSettings read_mark_price_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "mark_price"), schema::mark_price, "mark_price"};
  MarkPriceSettings mark_price;
  reader.read("interval", mark_price.interval, mark_price_intervals);
  reader.read("mode", mark_price.mode, mark_price_modes);
  // A price that is late once is not missing yet.
  const Duration two_ticks = mark_price.interval == MarkPriceInterval::one_second ? 2s : 6s;
  reader.read("stale_after", mark_price.stale_after, {two_ticks, stale_after_max});
  return mark_price;
}

UserStreamSettings read_user_stream_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "user_stream"), schema::user_stream, "user_stream"};
  UserStreamSettings user_stream;
  reader.read("form", user_stream.form, user_stream_forms);
  return user_stream;
}

ReconcileSettings read_reconcile_settings(ConfigReading& reading, const toml::table& root) {
  TableReader reader{reading, section(root, "reconcile"), schema::reconcile, "reconcile"};
  ReconcileSettings reconcile;
  const toml::node* const value = reader.node("interval");
  const auto text = value != nullptr ? value->value<std::string_view>() : std::nullopt;
  if (text && parse_duration(*text) == Duration::zero()) {
    reconcile.interval = Duration::zero();
  } else {
    reader.read("interval", reconcile.interval, reconcile_bounds);
  }
  return reconcile;
}

Environments read_environments(ConfigReading& reading, const toml::table& root) {
  Environments environments;
  for (const auto& [key, value] : section(root, "environment")) {
    const std::string name{key.str()};
    const ConfigPlace where =
        place_of(reading, key.source(),
                 fmt::format("environment.{}", is_name(name) ? name : in_quotes(name)));
    const auto problem = [&](std::string what, std::string remedy) {
      reading.problems.push_back({where, std::move(what), std::move(remedy)});
    };
    if (!is_name(name)) {
      problem("is no valid name of an environment", std::string{name_rule});
      continue;
    }
    if (is_built_in_environment(name))
      problem("is built in and cannot be changed", "give your environment another name");
    if (!value.is_table()) {
      problem(fmt::format("must be a table, but is {}", type_name(value)),
              "write [environment.NAME] and below it rest, user_stream and market_stream");
      continue;
    }
    environments.emplace(name, read_environment(reading, *value.as_table(), name));
  }
  return environments;
}

}  // namespace bridge
