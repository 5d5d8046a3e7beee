#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bridge/app/bus.hpp"
#include "bridge/app/configuration.hpp"
#include "bridge/app/repeat_limiter.hpp"
#include "bridge/app/rest_metrics.hpp"
#include "bridge/core/account_session.hpp"
#include "bridge/core/clock_session.hpp"
#include "bridge/core/exchange_clock.hpp"
#include "bridge/core/mark_session.hpp"
#include "bridge/core/position_feed.hpp"
#include "bridge/io/https_client.hpp"
#include "bridge/io/tls_context.hpp"
#include "bridge/wire/control_requests.hpp"
#include "bridge/wire/credentials.hpp"
#include "bridge/wire/market_stream_parser.hpp"
#include "bridge/wire/user_stream_parser.hpp"

namespace bridge {

class StreamConnection;

// Everything that has to do with one environment of the exchange: its accounts, their streams, the
// mark price stream that they share, and its clock. Performs what the sessions ask for and tells
// them what came of it; decides nothing.
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
  ~EnvironmentDriver();
  EnvironmentDriver(const EnvironmentDriver&) = delete;
  EnvironmentDriver& operator=(const EnvironmentDriver&) = delete;

  // Before start().
  void add_account(const AccountSettings& account, Credentials credentials);

  void start();
  // Stops every session. What they still have to tell the exchange is under way afterwards; see
  // has_requests().
  void stop();
  bool has_requests() const { return requests_under_way_ > 0; }

  const Environment& environment() const { return settings_.environment; }
  const PositionFeed& feed() const { return feed_; }
  std::size_t account_count() const { return accounts_.size(); }
  const AccountSession& session(PositionFeed::AccountNumber account) const {
    return accounts_[account]->session;
  }

  // Read by the metrics thread.
  const MarkSession::Metrics& mark_metrics() const { return mark_session_.metrics(); }
  const ExchangeClock& clock() const { return clock_; }
  const RestMetrics& rest_metrics() const { return rest_metrics_; }
  const Gauge<std::int64_t>& used_weight() const { return used_weight_; }
  const Counter& user_parse_errors() const { return user_parse_errors_; }
  const Counter& mark_parse_errors() const { return mark_parse_errors_; }

 private:
  friend class StreamConnection;

  struct Account {
    std::string name;
    Credentials credentials;
    AccountSession session;
    std::unique_ptr<StreamConnection> connection;
  };

  // Told by the connections. `account` is null on the mark price stream.
  void stream_opened(Account* account, StreamNumber stream);
  void stream_alive(Account* account, StreamNumber stream);
  void stream_frame(Account* account, StreamNumber stream, PaddedText frame, Now received);
  void stream_closed(Account* account, StreamNumber stream, const StreamEnd& end);
  void user_frame(Account& account, StreamNumber stream, PaddedText frame, Now received);
  void market_frame(StreamNumber stream, PaddedText frame, Now received);
  void count_parse_error(Counter& counter, const std::string& account, const ParseError& error);

  // Performs what the sessions want, until they want nothing more, and sets the alarm.
  void settle();
  bool perform_all();
  void perform(Account& account, Effect effect);
  void perform_mark(Effect effect);
  void perform_clock(Effect effect);
  void open_stream(Account* account, StreamNumber stream, const Url& route, Secret target);
  std::unique_ptr<StreamConnection>& connection_of(Account* account);

  using Answered = std::function<void(RestReply)>;
  void request(Endpoint endpoint, const Credentials* credentials, Answered answered);

  void wake();
  MonotonicTime deadline() const;
  void set_alarm();
  void start_accounts_once_the_clock_is_known();

  boost::asio::io_context& loop_;
  TlsContext tls_;
  const Settings settings_;

  ExchangeClock clock_;
  EnvironmentPublications publications_;
  PositionFeed feed_;
  ClockSession clock_session_;
  MarkSession mark_session_;
  std::vector<std::unique_ptr<Account>> accounts_;  // by PositionFeed::AccountNumber
  bool accounts_started_ = false;

  UserStreamParser user_parser_;
  MarketStreamParser market_parser_;
  RepeatLimiter repeats_;

  HttpsClient rest_;
  std::size_t requests_under_way_ = 0;
  std::unique_ptr<StreamConnection> mark_connection_;

  boost::asio::steady_timer alarm_;
  MonotonicTime alarm_at_ = never;

  RestMetrics rest_metrics_;
  Gauge<std::int64_t> used_weight_;
  Counter user_parse_errors_;
  Counter mark_parse_errors_;
};

}  // namespace bridge
