#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bridge/app/bus/bus.hpp"
#include "bridge/app/configuration/configuration.hpp"
#include "bridge/app/drivers/account_driver.hpp"
#include "bridge/app/drivers/driver_context.hpp"
#include "bridge/app/drivers/mark_driver.hpp"
#include "bridge/app/drivers/rest_caller.hpp"
#include "bridge/app/log/repeat_limiter.hpp"
#include "bridge/core/sessions/environment_session.hpp"
#include "bridge/io/web/tls_context.hpp"
#include "bridge/wire/exchange/credentials.hpp"

namespace bridge {

// Drives everything that has to do with one environment of the exchange: wakes its session when it
// wants to be woken, has its effects performed, tells it what came of them; decides nothing.
//
// All on the main loop, but for what is said to be read by the metrics thread.
class EnvironmentDriver {
 public:
  struct Settings {
    Environment environment;
    MarkPriceInterval mark_price_interval = MarkPriceInterval::one_second;
    EnvironmentSession::Settings session;
  };

  // `topics`: see PositionFeed. All references outlive the driver.
  EnvironmentDriver(boost::asio::io_context& loop, TlsContext tls, Bus& bus, Settings settings,
                    std::uint32_t& topics);
  EnvironmentDriver(const EnvironmentDriver&) = delete;
  EnvironmentDriver& operator=(const EnvironmentDriver&) = delete;

  // Before start(), or any time after it. An account that was removed comes back.
  void add_account(const AccountSettings& account, Credentials credentials);
  // Of accounts that are there, by their names.
  bool has_account(std::string_view name) const { return find(name).has_value(); }
  void remove_account(std::string_view name);
  // Connects it anew, with other credentials or after it has failed.
  void restart_account(const AccountSettings& account, Credentials credentials);
  void set_listen_key_on_stop(const AccountSettings& account);
  bool has_failed(std::string_view name) const;

  void start();
  // Stops every session. What they still have to tell the exchange is under way afterwards; see
  // has_requests().
  void stop();
  bool has_requests() const { return rest_.has_requests(); }
  // Says what the log has held back of a burst that is over; to be called now and then.
  void report_repeats(MonotonicTime now);

  const Environment& environment() const { return settings_.environment; }
  const EnvironmentSession& session() const { return session_; }
  const AccountSession& session(PositionFeed::AccountNumber account) const {
    return session_.account(account);
  }
  const PositionFeed& feed() const { return session_.feed(); }
  std::size_t account_count() const { return accounts_.size(); }

  // Read by the metrics thread.
  const MarkSession::Metrics& mark_metrics() const { return session_.mark().metrics(); }
  const RequestGate::Metrics& gate_metrics() const { return session_.gate().metrics(); }
  const ExchangeClock& clock() const { return clock_; }
  const RestMetrics& rest_metrics() const { return rest_.metrics(); }
  const Counter& user_parse_errors() const { return user_parse_errors_; }
  const Counter& mark_parse_errors() const { return mark_.parse_errors(); }

 private:
  using AccountNumber = PositionFeed::AccountNumber;
  // Nothing when there is none, or it was removed.
  std::optional<AccountNumber> find(std::string_view name) const;
  std::optional<AccountNumber> find_ever(std::string_view name) const;

  // Performs what the session wants, and sets the alarm.
  void settle();
  void perform(const EnvironmentSession::OwnedEffect& owned);
  void perform_request(EnvironmentSession::Owner owner, const effect::Request& request);
  void set_alarm();

  const TlsContext tls_;
  const Settings settings_;

  ExchangeClock clock_;
  EnvironmentPublications publications_;
  EnvironmentSession session_;
  RestCaller rest_;
  RepeatLimiter repeats_;
  DriverContext context_;

  MarkDriver mark_;
  std::vector<std::unique_ptr<AccountDriver>> accounts_;  // by PositionFeed::AccountNumber
  Counter user_parse_errors_;
  bool is_started_ = false;

  boost::asio::steady_timer alarm_;
  MonotonicTime alarm_at_ = never;
};

}  // namespace bridge
