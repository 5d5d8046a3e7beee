#include "bridge/app/observe/http_pages.hpp"

#include <memory>
#include <string>
#include <utility>

#include "bridge/app/observe/metrics_collector.hpp"
#include "bridge/app/observe/status_page.hpp"
#include "bridge/app/process/bridge_process.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/bus/bus_value.hpp"

namespace bridge {
namespace {

// The loop says twice a second that it turns.
constexpr Duration loop_silence_max = std::chrono::seconds{10};

constexpr const char* json_type = "application/json";

HttpReply health_page(const BridgeProcess& process) {
  const Duration silence = read_monotonic_clock() - process.last_turn();
  const bool turns = silence < loop_silence_max;
  return {
      .status = turns ? 200 : 503,
      .content_type = json_type,
      .body = turns ? "{\"status\":\"ok\"}\n" : "{\"status\":\"the main loop does not turn\"}\n"};
}

HttpReply ready_page(const BridgeProcess& process) {
  const auto lock = process.lock_accounts();
  bool ready = true;
  BusValue::Map accounts;
  for (const auto& driver : process.drivers()) {
    for (std::uint32_t account = 0; account < driver->account_count(); ++account) {
      if (driver->feed().is_retired(account)) continue;
      const AccountState state = driver->feed().gauges(account).state.read();
      ready = ready && state == AccountState::live;
      accounts.push_back(
          {driver->feed().identity(account).name, BusValue{std::string{to_string(state)}}});
    }
  }
  const BusValue body{
      BusValue::Map{{"ready", BusValue{ready}}, {"accounts", BusValue{std::move(accounts)}}}};
  return {.status = ready ? 200 : 503, .content_type = json_type, .body = to_json(body) + "\n"};
}

}  // namespace

void respond_with_page(BridgeProcess& process, std::string_view path, HttpServer::Respond respond) {
  if (path == "/metrics") {
    respond({.content_type = "text/plain; version=0.0.4; charset=utf-8",
             .body = render_metrics(process)});
  } else if (path == "/healthz") {
    respond(health_page(process));
  } else if (path == "/readyz") {
    respond(ready_page(process));
  } else if (path == "/status") {
    process.post_to_loop([&process, respond = std::move(respond)] {
      respond({.content_type = json_type, .body = to_json(status_page(process)) + "\n"});
    });
  } else {
    respond({.status = 404, .body = "there are /metrics, /healthz, /readyz and /status\n"});
  }
}

}  // namespace bridge
