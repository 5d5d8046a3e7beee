#include "bridge/app/process/bridge_process.hpp"

#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <utility>

#include "bridge/app/configuration/account_credentials.hpp"
#include "bridge/app/log/log.hpp"
#include "bridge/app/observe/http_pages.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/bus/curve_keys.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/exchange/request_signer.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;

// How often subscriptions are read, and with them the requests for snapshots.
constexpr Duration snapshot_interval = 20ms;
constexpr Duration turn_interval = 500ms;
// Written out, so that the labels of the buckets are what is written here.
constexpr std::array<std::int64_t, 10> loop_lag_bounds_us{
    1'000, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};
// For requests that are still under way at a clean stop, within the 5 s that a stop may take.
constexpr Duration stop_patience = 3s;
constexpr Duration stop_check_interval = 50ms;

// Different on every start, and the same for no two accounts: jitter has to spread processes too.
std::uint64_t jitter_seed(Now now) {
  return static_cast<std::uint64_t>(to_us(now.wall)) * 1'000'003U +
         static_cast<std::uint64_t>(::getpid());
}

}  // namespace

Result<std::unique_ptr<BridgeProcess>, ExitCode> BridgeProcess::create(
    PreparedConfiguration prepared) {
  std::unique_ptr<BridgeProcess> process{new BridgeProcess{read_clocks()}};
  process->running_ = std::move(prepared);
  for (const auto step :
       {&BridgeProcess::bind, &BridgeProcess::add_accounts, &BridgeProcess::serve_http}) {
    if (const ExitCode code = (process.get()->*step)(); code != ExitCode::done)
      return Failure<ExitCode>{code};
  }
  return process;
}

BridgeProcess::BridgeProcess(Now started) : started_{started}, loop_lag_{loop_lag_bounds_us} {
  configuration_load_.successful.set(true);
  configuration_load_.at_us.set(to_us(started.wall));
}

BridgeProcess::~BridgeProcess() {
  http_.reset();  // its thread reads everything else
}

ExitCode BridgeProcess::bind() {
  const Configuration& configuration = running_.configuration;
  instance_ = configuration.bridge.instance;
  heartbeat_interval_ = configuration.publisher.heartbeat_interval;
  auto encryption = encrypt(configuration.publisher, running_.bus_key);
  if (!encryption) {
    log(LogLevel::error, {}, encryption.error());
    return ExitCode::not_available;
  }
  auto socket = PublisherSocket::bind(
      zmq_, {.endpoints = configuration.publisher.bind,
             .send_high_water_mark = configuration.publisher.send_high_water_mark,
             .encryption = *std::move(encryption)});
  if (!socket) {
    log(LogLevel::error, {}, socket.error());
    return ExitCode::not_available;
  }
  socket_ = std::move(*socket);
  // From now on: who has been tried by now is ourselves.
  if (access_)
    access_->set_observer(
        [this](const ZapHandler::Decision& decision) { access_log_.note(decision); });
  bus_ =
      std::make_unique<Bus>(BusIdentity{.instance = instance_, .epoch = started_.wall}, *socket_);
  snapshots_ = std::make_unique<SnapshotServer>(*bus_, drivers_);
  for (const std::string& endpoint : socket_->last_endpoints())
    log(LogLevel::info, {}, "publishing on " + endpoint);
  return ExitCode::done;
}

Result<std::optional<PublisherEncryption>, std::string> BridgeProcess::encrypt(
    const PublisherSettings& settings, Secret bus_key) {
  if (!settings.curve) return std::nullopt;
  auto public_key = curve_public_key(bus_key);
  if (!public_key) return Failure<std::string>{std::move(public_key.error())};
  auto access = ZapHandler::start(zmq_, settings.curve->allowed_clients);
  if (!access) return Failure<std::string>{std::move(access.error())};
  access_ = std::move(*access);
  log(LogLevel::info, {},
      "the bus is encrypted; its public key is " + *public_key +
          ", clients allowed: " + std::to_string(settings.curve->allowed_clients.size()));
  return PublisherEncryption{.secret_key = std::move(bus_key), .handler = *access_};
}

Result<void, ExitCode> BridgeProcess::set_allowed_clients(
    const std::vector<AllowedClient>& clients) {
  BRIDGE_ASSERT(access_ != nullptr);
  if (!access_->set_allowed_clients(clients)) return {};
  log(LogLevel::info, {},
      "a client was taken off publisher.curve.allowed_clients: every subscriber is disconnected, "
      "and those who are still allowed connect again");
  const auto disconnected = socket_->disconnect_subscribers();
  if (disconnected) return {};
  log(LogLevel::error, {}, disconnected.error());
  return Failure<ExitCode>{ExitCode::not_available};
}

ExitCode BridgeProcess::add_accounts() {
  for (std::size_t i = 0; i < running_.configuration.accounts.size(); ++i) {
    const AccountSettings& account = running_.configuration.accounts[i];
    if (!account.enabled) continue;
    auto credentials = make_credentials(account, running_.secrets[i]);
    if (!credentials) {
      log(LogLevel::error, account.name, credentials.error());
      return ExitCode::bad_configuration;
    }
    const auto driver = driver_of(account.environment);
    if (!driver) return driver.error();
    (*driver)->add_account(account, std::move(*credentials));
  }
  return ExitCode::done;
}

Result<EnvironmentDriver*, ExitCode> BridgeProcess::driver_of(const Environment& environment) {
  const Configuration& configuration = running_.configuration;
  for (const auto& driver : drivers_) {
    if (driver->environment() == environment) return driver.get();
  }
  auto tls = TlsContext::create(environment.ca_file);
  if (!tls) {
    log(LogLevel::error, {}, tls.error());
    return Failure<ExitCode>{ExitCode::bad_configuration};
  }
  const EnvironmentDriver::Settings settings{
      .environment = environment,
      .mark_price_interval = configuration.mark_price.interval,
      .session = {.mark_price_mode = configuration.mark_price.mode,
                  .stale_after = configuration.mark_price.stale_after,
                  .reconcile_interval = configuration.reconcile.interval,
                  .user_stream_form = configuration.user_stream.form,
                  .seed = jitter_seed(started_) + (drivers_.size() << 32)}};
  drivers_.push_back(
      std::make_unique<EnvironmentDriver>(loop_, std::move(*tls), *bus_, settings, topics_));
  if (is_running_) drivers_.back()->start();
  return drivers_.back().get();
}

ExitCode BridgeProcess::serve_http() {
  const HttpSettings& settings = running_.configuration.http;
  auto server = HttpServer::start({.host = settings.listen.host, .port = settings.listen.port},
                                  [this](std::string_view path, HttpServer::Respond respond) {
                                    respond_with_page(*this, path, std::move(respond));
                                  });
  if (!server) {
    log(LogLevel::error, {}, server.error());
    return ExitCode::not_available;
  }
  http_ = std::move(*server);
  log(LogLevel::info, {},
      "serving /metrics /healthz /readyz /status on http://" + to_string(settings.listen));
  return ExitCode::done;
}

// --- running --------------------------------------------------------------------------------

ExitCode BridgeProcess::run() {
  wait_for_signals();
  note_turn();
  serve_snapshots();
  is_running_ = true;
  for (auto& driver : drivers_) driver->start();
  heartbeat();
  loop_.run();
  leave();
  return exit_code_;
}

void BridgeProcess::wait_for_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      if (!stopping_) reload();
      return wait_for_signals();
    }
    if (stopping_) {
      log(LogLevel::warn, {}, "a second signal: ending at once");
      std::_Exit(static_cast<int>(ExitCode::done));
    }
    begin_to_stop(signal == SIGINT ? "stopping on SIGINT" : "stopping on SIGTERM");
    wait_for_signals();
  });
}

void BridgeProcess::begin_to_stop(const std::string& why) {
  stopping_ = true;
  log(LogLevel::info, {}, why);
  for (auto& driver : drivers_) driver->stop();
  finish_when_quiet(read_monotonic_clock() + stop_patience);
}

void BridgeProcess::finish_when_quiet(MonotonicTime give_up_at) {
  const bool is_quiet = std::none_of(drivers_.begin(), drivers_.end(),
                                     [](const auto& driver) { return driver->has_requests(); });
  if (is_quiet || read_monotonic_clock() >= give_up_at) {
    bus_->publish_shutdown();
    loop_.stop();
    return;
  }
  stop_timer_.expires_after(stop_check_interval);
  stop_timer_.async_wait([this, give_up_at](boost::system::error_code error) {
    if (!error) finish_when_quiet(give_up_at);
  });
}

void BridgeProcess::leave() {
  http_.reset();
  snapshots_.reset();
  bus_.reset();
  socket_.reset();
  access_.reset();
  zmq_.close();  // waits, but not for long, until what was published last has gone out
  log(LogLevel::info, {}, "stopped");
}

void BridgeProcess::heartbeat() {
  std::vector<AccountSequence> sequences;
  for (const auto& driver : drivers_) {
    const PositionFeed& feed = driver->feed();
    for (std::uint32_t account = 0; account < feed.account_count(); ++account) {
      const auto view = feed.view(account);
      if (view.is_retired) continue;
      sequences.push_back({.account = view.identity.name, .account_seq = view.account_seq});
    }
  }
  bus_->publish_heartbeat(sequences);
  heartbeat_timer_.expires_after(heartbeat_interval_);
  heartbeat_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) heartbeat();
  });
}

void BridgeProcess::serve_snapshots() {
  snapshots_->serve();
  snapshot_timer_.expires_after(snapshot_interval);
  snapshot_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) serve_snapshots();
  });
}

void BridgeProcess::note_turn() {
  const MonotonicTime now = read_monotonic_clock();
  last_turn_us_.set(now.time_since_epoch().count());
  subscriber_log_.look(*socket_, now);
  for (const auto& driver : drivers_) driver->report_repeats(now);
  turn_timer_.expires_after(turn_interval);
  turn_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    loop_lag_.observe(read_monotonic_clock() - last_turn() - turn_interval);
    note_turn();
  });
}

}  // namespace bridge
