#include "tests/exchange/shell/options.hpp"

#include <charconv>

#include <CLI/CLI.hpp>

namespace exchange {
namespace {

using boost::asio::ip::tcp;

constexpr int usage_error = 64;

constexpr const char* description =
    "A Binance USD-M futures exchange that is simulated on this machine: REST and WebSocket over\n"
    "TLS, with accounts that trade and prices that walk, as unhelpful as the real one. For "
    "testing\n"
    "bots and whatever else listens to an exchange.\n";

constexpr const char* examples = R"(Try it:
  simulated-exchange --scenario tests/exchange/scenarios/quickstart.toml --ca-out /tmp/ca.pem
  curl --cacert /tmp/ca.pem https://127.0.0.1:8443/fapi/v1/premiumIndex?symbol=BTCUSDT
  curl http://127.0.0.1:8444/truth
  curl -d '{"account":"alpha","symbol":"BTCUSDT","side":"BUY","quantity":"0.1"}' \
       http://127.0.0.1:8444/trade

What a client needs:
  REST            https://127.0.0.1:8443/fapi/v1/... with keys and secrets of the scenario
  user stream     wss://127.0.0.1:8443/private/ws?listenKey=KEY&events=ACCOUNT_UPDATE/...
  market stream   wss://127.0.0.1:8443/market/stream?streams=btcusdt@markPrice@1s/...

Scenario keys and the control port's commands: tests/exchange/README.md.
Exit codes: 0 stopped, 64 bad usage, 69 an address cannot be used, 78 a bad scenario.)";

std::optional<tcp::endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (error || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return tcp::endpoint(address, port);
}

/// What CLI11 says about an address that is no use; empty when it is fine.
std::string endpoint_problem(const std::string& text) {
  const std::optional<tcp::endpoint> endpoint = parse_endpoint(text);
  if (!endpoint) return "must be ADDRESS:PORT, like 127.0.0.1:8443: " + text;
  if (!endpoint->address().is_loopback()) {
    return "must be a loopback address, because anybody could trade here: " + text;
  }
  return {};
}

}  // namespace

ParsedOptions parse_options(int argument_count, char** arguments) {
  Options options;
  std::string listen = "127.0.0.1:8443";
  std::string control = "127.0.0.1:8444";
  std::string plain;
  std::uint64_t seed = 0;
  CLI::App app(description, "simulated-exchange");
  app.footer(examples);
  const CLI::Validator loopback(endpoint_problem, "ADDRESS:PORT");
  app.add_option("--scenario", options.scenario_file, "the scenario to play, a TOML file")
      ->required()
      ->type_name("FILE");
  app.add_option("--listen", listen, "REST and WebSocket over TLS; port 0 takes a free one")
      ->check(loopback)
      ->capture_default_str();
  app.add_option("--plain", plain, "the same without TLS, for benchmarks; off unless given")
      ->check(loopback);
  app.add_option("--control", control, "the control port: plain HTTP and JSON")
      ->check(loopback)
      ->capture_default_str();
  app.add_option("--ca-out", options.ca_file, "where to write the CA that clients have to trust")
      ->type_name("FILE");
  app.add_option("--ready-file", options.ready_file,
                 "written when everything listens: JSON with the addresses and this process's id")
      ->type_name("FILE");
  const CLI::Option* const seed_option =
      app.add_option("--seed", seed, "instead of the scenario's seed");
  app.add_option("--time-scale", options.time_scale,
                 "how many times faster than real time the exchange lives; above 1, timestamps of "
                 "requests are not checked")
      ->check(CLI::Range(0.001, 1'000'000.0))
      ->capture_default_str();
  app.add_option("--certificate-name", options.certificate_names,
                 "a further host name for the certificate; may be repeated")
      ->type_name("NAME");
  app.set_version_flag("--version", "simulated-exchange " POSITION_BRIDGE_VERSION);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return {.options = std::nullopt, .exit_code = app.exit(error) == 0 ? 0 : usage_error};
  }
  options.listen = *parse_endpoint(listen);
  options.control = *parse_endpoint(control);
  if (!plain.empty()) options.plain = *parse_endpoint(plain);
  if (seed_option->count() > 0) options.seed = seed;
  return {.options = options, .exit_code = 0};
}

}  // namespace exchange
