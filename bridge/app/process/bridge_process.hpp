#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <zmq.hpp>

#include "bridge/app/bus/bus.hpp"
#include "bridge/app/bus/subscriber_log.hpp"
#include "bridge/app/configuration/configuration.hpp"
#include "bridge/app/configuration/configuration_changes.hpp"
#include "bridge/app/configuration/prepared_configuration.hpp"
#include "bridge/app/drivers/environment_driver.hpp"
#include "bridge/app/process/exit_code.hpp"
#include "bridge/app/process/snapshot_server.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/histogram.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/io/bus/publisher_socket.hpp"
#include "bridge/io/bus/zap_handler.hpp"
#include "bridge/io/http/http_server.hpp"

namespace bridge {

// A running bridge: the main loop, everything on it, and the HTTP thread beside it.
class BridgeProcess {
 public:
  // Binds everything and connects to nothing yet. The failure has been logged.
  static Result<std::unique_ptr<BridgeProcess>, ExitCode> create(PreparedConfiguration prepared);
  ~BridgeProcess();

  // Until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP reloads.
  ExitCode run();

  // Replaces the list of an encrypted bus, while it runs; on the main loop. When somebody is taken
  // off it, every subscriber is disconnected: the others come back at once, and learn by the
  // numbers of the messages what they have missed. Failure, which has been logged: the bus cannot
  // go on.
  Result<void, ExitCode> set_allowed_clients(const std::vector<AllowedClient>& clients);

  // For the HTTP thread, which holds the lock while it goes through drivers and their accounts.
  std::shared_lock<std::shared_mutex> lock_accounts() const {
    return std::shared_lock{accounts_mutex_};
  }
  using Drivers = std::vector<std::unique_ptr<EnvironmentDriver>>;
  const Drivers& drivers() const { return drivers_; }
  const Bus& bus() const { return *bus_; }
  const SnapshotServer& snapshots() const { return *snapshots_; }
  WallTime started() const { return started_.wall; }
  // When the main loop last said that it turns.
  MonotonicTime last_turn() const { return MonotonicTime{Duration{last_turn_us_.read()}}; }
  // How late the main loop came to what was due, looked at twice a second.
  const Histogram& loop_lag() const { return loop_lag_; }
  // The last attempt to take a configuration, the one at the start included.
  struct ConfigurationLoad {
    Gauge<bool> successful;
    Gauge<std::int64_t> at_us;  // wall time of the last one that was successful
  };
  const ConfigurationLoad& configuration_load() const { return configuration_load_; }
  // Runs `task` on the main loop.
  template <class Task>
  void post_to_loop(Task&& task) {
    boost::asio::post(loop_, std::forward<Task>(task));
  }

 private:
  explicit BridgeProcess(Now started);

  ExitCode bind();
  Result<std::optional<PublisherEncryption>, std::string> encrypt(const PublisherSettings& settings,
                                                                  Secret bus_key);
  ExitCode add_accounts();
  Result<EnvironmentDriver*, ExitCode> driver_of(const Environment& environment);
  EnvironmentDriver* driver_with(std::string_view account);
  ExitCode serve_http();

  // Reads the configuration again and makes it so, without touching what has not changed. A file
  // that is wrong in any way changes nothing.
  void reload();
  bool take(PreparedConfiguration next, const ConfigurationChanges& changes);
  void wait_for_signals();
  void begin_to_stop(const std::string& why);
  void finish_when_quiet(MonotonicTime give_up_at);
  void leave();
  void heartbeat();
  void serve_snapshots();
  void note_turn();

  const Now started_;
  PreparedConfiguration running_;
  Duration heartbeat_interval_{};
  std::string instance_;
  std::uint32_t topics_ = 0;
  Gauge<std::int64_t> last_turn_us_;
  Histogram loop_lag_;
  ConfigurationLoad configuration_load_;
  bool stopping_ = false;
  bool is_running_ = false;
  ExitCode exit_code_ = ExitCode::done;

  // The order is that of life: what stands below uses what stands above.
  zmq::context_t zmq_;
  AccessLog access_log_;
  std::unique_ptr<ZapHandler> access_;  // null: the bus is not encrypted
  std::unique_ptr<PublisherSocket> socket_;
  SubscriberLog subscriber_log_;
  std::unique_ptr<Bus> bus_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_{loop_};
  boost::asio::steady_timer heartbeat_timer_{loop_};
  boost::asio::steady_timer snapshot_timer_{loop_};
  boost::asio::steady_timer turn_timer_{loop_};
  boost::asio::steady_timer stop_timer_{loop_};
  mutable std::shared_mutex accounts_mutex_;  // changes of what accounts there are
  Drivers drivers_;
  std::unique_ptr<SnapshotServer> snapshots_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace bridge
