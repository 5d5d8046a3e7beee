#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bridge/app/account_driver.hpp"
#include "bridge/app/bus.hpp"
#include "bridge/app/configuration.hpp"
#include "bridge/app/driver_context.hpp"
#include "bridge/app/mark_driver.hpp"
#include "bridge/app/repeat_limiter.hpp"
#include "bridge/app/rest_caller.hpp"
#include "bridge/core/clock_session.hpp"
#include "bridge/core/exchange_clock.hpp"
#include "bridge/core/position_feed.hpp"
#include "bridge/io/tls_context.hpp"
#include "bridge/wire/credentials.hpp"

namespace bridge {

// Everything that has to do with one environment of the exchange: its accounts, the mark price
// stream that they share, and its clock. Wakes the sessions when they want it and has their effects
// performed; decides nothing.
//
// All on the main loop, but for what is said to be read by the metrics thread.
class EnvironmentDriver {
 public:
  struct Settings {
    Environment environment;
    MarkPriceInterval mark_price_interval = MarkPriceInterval::one_second;
    Duration stale_after{};
    Duration reconcile_interval{};
    std::uint64_t seed = 0;  // of all jitter
  };

  // `topics`: see PositionFeed. All references outlive the driver.
  EnvironmentDriver(boost::asio::io_context& loop, TlsContext tls, Bus& bus, Settings settings,
                    std::uint32_t& topics);
  EnvironmentDriver(const EnvironmentDriver&) = delete;
  EnvironmentDriver& operator=(const EnvironmentDriver&) = delete;

  // Before start().
  void add_account(const AccountSettings& account, Credentials credentials);

  void start();
  // Stops every session. What they still have to tell the exchange is under way afterwards; see
  // has_requests().
  void stop();
  bool has_requests() const { return rest_.has_requests(); }

  const Environment& environment() const { return settings_.environment; }
  const PositionFeed& feed() const { return feed_; }
  std::size_t account_count() const { return accounts_.size(); }
  const AccountSession& session(PositionFeed::AccountNumber account) const {
    return accounts_[account]->session();
  }

  // Read by the metrics thread.
  const MarkSession::Metrics& mark_metrics() const { return mark_.session().metrics(); }
  const ExchangeClock& clock() const { return clock_; }
  const RestCaller& rest() const { return rest_; }
  const Counter& user_parse_errors() const { return user_parse_errors_; }
  const Counter& mark_parse_errors() const { return mark_.parse_errors(); }

 private:
  // Performs what the sessions want, until they want nothing more, and sets the alarm.
  void settle();
  bool perform_effects();
  bool perform_clock_effects();
  void wake();
  MonotonicTime deadline() const;
  void set_alarm();
  void start_accounts_once_the_clock_is_known();

  const TlsContext tls_;
  const Settings settings_;

  ExchangeClock clock_;
  EnvironmentPublications publications_;
  PositionFeed feed_;
  RestCaller rest_;
  RepeatLimiter repeats_;
  DriverContext context_;

  ClockSession clock_session_;
  MarkDriver mark_;
  std::vector<std::unique_ptr<AccountDriver>> accounts_;  // by PositionFeed::AccountNumber
  bool accounts_started_ = false;
  Counter user_parse_errors_;

  boost::asio::steady_timer alarm_;
  MonotonicTime alarm_at_ = never;
};

}  // namespace bridge
