#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <nlohmann/json.hpp>

#include "tests/exchange/shell/certificate.hpp"
#include "tests/exchange/shell/control_api.hpp"
#include "tests/exchange/shell/options.hpp"
#include "tests/exchange/shell/scenario_file.hpp"
#include "tests/exchange/shell/server.hpp"

namespace {

using namespace exchange;
using boost::asio::ip::tcp;

constexpr int exit_unavailable = 69;
constexpr int exit_bad_scenario = 78;

/// The control port's connections: requests only.
class ControlGateway : public Gateway {
 public:
  ControlGateway(Exchange& exchange, Server& server, ControlHooks hooks)
      : exchange_(exchange), server_(server), hooks_(std::move(hooks)) {}

  HttpResponse on_request(const HttpRequest& request) override {
    HttpResponse response = answer_control(exchange_, hooks_, request, server_.now());
    server_.settle();
    return response;
  }
  tl::expected<ConnectionId, HttpResponse> on_upgrade(const std::string&,
                                                      const std::string&) override {
    return tl::unexpected(HttpResponse{.status = 404});
  }
  void attached(ConnectionId, const std::shared_ptr<ClientConnection>&) override {}
  void on_message(ConnectionId, const Message&) override {}
  void on_closed(ConnectionId) override {}
  bool is_attended(ConnectionId) override { return false; }
  UnixMs now() override { return server_.now(); }
  std::chrono::steady_clock::time_point real_time_of(UnixMs time) override {
    return server_.real_time_of(time);
  }

 private:
  Exchange& exchange_;
  Server& server_;
  ControlHooks hooks_;
};

UnixMs machine_time() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  const std::string shown = endpoint.address().is_v6() ? "[" + host + "]" : host;
  return shown + ":" + std::to_string(endpoint.port());
}

/// Under its name only once it is whole, since others wait for it.
void write_file(const std::string& path, const std::string& content) {
  if (path.empty()) return;
  const std::string unfinished = path + ".part";
  {
    std::ofstream file(unfinished, std::ios::binary);
    file << content;
    if (!file.flush()) throw std::runtime_error(path + " cannot be written");
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    throw std::runtime_error(path + " cannot be written");
  }
}

boost::asio::ssl::context make_tls_context(const Certificates& certificates) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
  context.use_certificate_chain(boost::asio::buffer(certificates.server));
  context.use_private_key(boost::asio::buffer(certificates.server_key),
                          boost::asio::ssl::context::pem);
  return context;
}

/// Where it can be reached once it runs.
struct Addresses {
  tcp::endpoint tls;
  std::optional<tcp::endpoint> plain;
  tcp::endpoint control;
};

void announce(const Options& options, const Addresses& addresses) {
  nlohmann::ordered_json ready = {{"pid", ::getpid()},
                                  {"listen", text_of(addresses.tls)},
                                  {"port", addresses.tls.port()},
                                  {"control", text_of(addresses.control)},
                                  {"control_port", addresses.control.port()},
                                  {"ca_file", options.ca_file}};
  if (addresses.plain) {
    ready["plain"] = text_of(*addresses.plain);
    ready["plain_port"] = addresses.plain->port();
  }
  write_file(options.ready_file, ready.dump() + "\n");
  std::cout << "simulated exchange: https and wss at " << text_of(addresses.tls) << ", control at "
            << text_of(addresses.control) << std::endl;
}

int run(const Options& options, ScenarioFile file) {
  Scenario& scenario = file.scenario;
  if (options.seed) scenario.seed = *options.seed;
  // No client's clock can follow one that runs faster.
  if (options.time_scale != 1.0) scenario.rules.timestamps = Timestamps::ignored;
  const UnixMs start = file.start_time.value_or(machine_time());
  boost::asio::io_context loop(1);
  Exchange model(scenario, start);
  Server server(loop, model, ScaledClock(start, options.time_scale));
  const Certificates certificates = make_certificates(options.certificate_names);
  boost::asio::ssl::context tls = make_tls_context(certificates);
  // The answer to the shutdown request leaves first.
  const auto shutdown = [&loop, &server] {
    boost::asio::post(loop, [&loop, &server] { boost::asio::post(loop, [&] { server.stop(); }); });
  };
  ControlGateway control(
      model, server,
      {.flood = [&](const auto& symbols, auto frames) { return server.flood(symbols, frames); },
       .flooded = [&] { return server.flooded(); },
       .shutdown = shutdown});
  Listener control_listener(loop, options.control, [&](tcp::socket socket) {
    std::string address = address_of(socket);
    std::make_shared<ClientConnection>(make_plain_stream(std::move(socket)), loop.get_executor(),
                                       std::move(address), control)
        ->start();
  });
  Addresses addresses{.tls = server.listen_tls(options.listen, tls),
                      .plain = std::nullopt,
                      .control = control_listener.endpoint()};
  if (options.plain) addresses.plain = server.listen_plain(*options.plain);
  write_file(options.ca_file, certificates.authority);
  announce(options, addresses);
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&server](boost::system::error_code error, int) {
    if (!error) server.stop();
  });
  loop.run();
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const ParsedOptions parsed = parse_options(argument_count, arguments);
  if (!parsed.options) return parsed.exit_code;
  auto scenario = read_scenario(parsed.options->scenario_file);
  if (!scenario) {
    for (const std::string& problem : scenario.error()) std::cerr << problem << '\n';
    return exit_bad_scenario;
  }
  try {
    return run(*parsed.options, std::move(*scenario));
  } catch (const std::exception& error) {
    std::cerr << "simulated-exchange: " << error.what() << '\n';
    return exit_unavailable;
  }
}
