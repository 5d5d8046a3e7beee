#include "bridge/app/environment_driver.hpp"

#include <algorithm>
#include <utility>

#include "bridge/app/log.hpp"
#include "bridge/app/stream_connection.hpp"
#include "bridge/core/assert.hpp"
#include "bridge/core/limits.hpp"
#include "bridge/io/clock.hpp"
#include "bridge/wire/rest_replies.hpp"
#include "bridge/wire/rest_requests.hpp"

namespace bridge {
namespace {

constexpr Duration repeated_line_interval = std::chrono::seconds{30};

ServerAddress server_of(const Url& url) {
  return {.encryption = url.is_encrypted() ? Encryption::tls : Encryption::none,
          .host = url.host,
          .port = url.port};
}

HttpExchange to_exchange(RestRequest request) {
  HttpExchange exchange{
      .method = request.method, .target = std::move(request.target), .headers = {}};
  if (request.api_key)
    exchange.headers.push_back({std::string{api_key_header}, std::move(*request.api_key)});
  return exchange;
}

RestFailure to_rest_failure(const HttpFailure& failure) {
  const auto kind = [&] {
    switch (failure.kind) {
      case HttpFailure::Kind::timeout: return RestFailure::Kind::timeout;
      case HttpFailure::Kind::malformed:
      case HttpFailure::Kind::too_large: return RestFailure::Kind::malformed;
      case HttpFailure::Kind::network:
      case HttpFailure::Kind::overloaded:
      case HttpFailure::Kind::cancelled: return RestFailure::Kind::network;
    }
    BRIDGE_UNREACHABLE("not an HttpFailure");
  }();
  return {.kind = kind, .message = failure.text};
}

}  // namespace

EnvironmentDriver::EnvironmentDriver(boost::asio::io_context& loop, TlsContext tls, Bus& bus,
                                     Settings settings, std::uint32_t& topics)
    : loop_{loop},
      tls_{std::move(tls)},
      settings_{std::move(settings)},
      publications_{bus, clock_},
      feed_{publications_, settings_.stale_after, topics},
      clock_session_{clock_, settings_.seed},
      mark_session_{feed_, {.silence_max = settings_.stale_after, .seed = settings_.seed + 1}},
      repeats_{repeated_line_interval},
      rest_{loop, tls_, server_of(settings_.environment.rest)},
      alarm_{loop} {}

EnvironmentDriver::~EnvironmentDriver() = default;

void EnvironmentDriver::add_account(const AccountSettings& account, Credentials credentials) {
  using ListenKeyOnStop = AccountSession::Settings::ListenKeyOnStop;
  const auto number =
      feed_.add_account({.name = account.name, .venue = Venue::binance_usdm}, read_clocks());
  BRIDGE_ASSERT(number == accounts_.size());
  const AccountSession::Settings settings{.reconcile_interval = settings_.reconcile_interval,
                                          .listen_key_on_stop = account.close_listen_key_on_stop
                                                                    ? ListenKeyOnStop::close
                                                                    : ListenKeyOnStop::keep,
                                          .seed = settings_.seed + 2 + number};
  accounts_.push_back(std::unique_ptr<Account>{
      new Account{.name = account.name,
                  .credentials = std::move(credentials),
                  .session = AccountSession{feed_, number, clock_, settings},
                  .connection = nullptr}});
}

void EnvironmentDriver::start() {
  const Now now = read_clocks();
  for (std::uint32_t number = 0; number < accounts_.size(); ++number) {
    feed_.set_user_phase(number, PositionFeed::UserPhase::connecting,
                         "asking the exchange for its time", now);
  }
  clock_session_.start(now);
  mark_session_.start(now);
  settle();
}

void EnvironmentDriver::stop() {
  const Now now = read_clocks();
  clock_session_.stop();
  for (auto& account : accounts_) account->session.stop(now);
  mark_session_.stop(now);
  settle();
}

// --- streams --------------------------------------------------------------------------------

void EnvironmentDriver::stream_opened(Account* account, StreamNumber stream) {
  if (account != nullptr) {
    account->session.stream_opened(stream, read_clocks());
  } else {
    mark_session_.stream_opened(stream, read_clocks());
  }
  settle();
}

void EnvironmentDriver::stream_alive(Account* account, StreamNumber stream) {
  if (account != nullptr) {
    account->session.stream_alive(stream, read_clocks());
  } else {
    mark_session_.stream_alive(stream, read_clocks());
  }
}

void EnvironmentDriver::stream_closed(Account* account, StreamNumber stream, const StreamEnd& end) {
  if (account != nullptr) {
    account->session.stream_closed(stream, end, read_clocks());
  } else {
    mark_session_.stream_closed(stream, end, read_clocks());
  }
  auto& connection = connection_of(account);
  if (connection && connection->stream() == stream) connection.reset();
  settle();
}

void EnvironmentDriver::stream_frame(Account* account, StreamNumber stream, PaddedText frame,
                                     Now received) {
  if (account != nullptr) {
    user_frame(*account, stream, frame, received);
  } else {
    market_frame(stream, frame, received);
  }
}

void EnvironmentDriver::user_frame(Account& account, StreamNumber stream, PaddedText frame,
                                   Now received) {
  auto message = user_parser_.parse(frame);
  if (!message) {
    account.session.stream_alive(stream, received);
    count_parse_error(user_parse_errors_, account.name, message.error());
    return;
  }
  account.session.stream_message(stream, std::move(*message), received);
}

void EnvironmentDriver::market_frame(StreamNumber stream, PaddedText frame, Now received) {
  const auto message = market_parser_.parse(frame);
  if (!message) {
    mark_session_.stream_alive(stream, received);
    count_parse_error(mark_parse_errors_, {}, message.error());
    return;
  }
  if (const auto* prices = std::get_if<MarkPriceTicks>(&*message)) {
    mark_session_.stream_prices(stream, prices->ticks, received);
    if (prices->first_error) {
      mark_parse_errors_.add(prices->rows_failed - 1);
      count_parse_error(mark_parse_errors_, {}, *prices->first_error);
    }
  } else if (const auto* reply = std::get_if<ControlReply>(&*message)) {
    mark_session_.stream_reply(stream, *reply, received);
  } else if (const auto* event = std::get_if<OtherEvent>(&*message)) {
    mark_session_.stream_event(stream, *event, received);
  }
}

void EnvironmentDriver::count_parse_error(Counter& counter, const std::string& account,
                                          const ParseError& error) {
  counter.add();
  log(repeats_, read_monotonic_clock(), LogLevel::warn, account,
      std::string{account.empty() ? "mark price stream" : "user stream"} +
          ": a message could not be read: " + to_string(error));
}

// --- effects --------------------------------------------------------------------------------

void EnvironmentDriver::settle() {
  // Performing one session's effects may change what another one wants: a position that opens wants
  // a mark price.
  while (perform_all() || deadline() <= read_monotonic_clock()) {
    if (deadline() <= read_monotonic_clock()) wake();
  }
  set_alarm();
}

bool EnvironmentDriver::perform_all() {
  bool any = false;
  for (Effect& effect : clock_session_.effects().take()) {
    perform_clock(std::move(effect));
    any = true;
  }
  for (Effect& effect : mark_session_.effects().take()) {
    perform_mark(std::move(effect));
    any = true;
  }
  for (auto& account : accounts_) {
    for (Effect& effect : account->session.effects().take()) {
      perform(*account, std::move(effect));
      any = true;
    }
  }
  return any;
}

void EnvironmentDriver::perform(Account& account, Effect effect) {
  const Url& route = settings_.environment.user_stream;
  if (auto* open = std::get_if<effect::OpenUserStream>(&effect)) {
    open_stream(&account, open->stream, route, user_stream_target(open->listen_key));
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (account.connection) account.connection->client().ping();
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    account.connection.reset();
  } else if (const auto* wanted = std::get_if<effect::Request>(&effect)) {
    request(wanted->endpoint, &account.credentials,
            [&account, number = wanted->request](RestReply reply) {
              account.session.answer(number, std::move(reply), read_clocks());
            });
  } else if (std::holds_alternative<effect::SynchronizeClock>(effect)) {
    clock_session_.synchronize(read_clocks());
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(line->level, account.name, line->text);
  } else {
    BRIDGE_UNREACHABLE("not an effect of an account");
  }
}

void EnvironmentDriver::perform_mark(Effect effect) {
  if (const auto* open = std::get_if<effect::OpenMarketStream>(&effect)) {
    open_stream(nullptr, open->stream, settings_.environment.market_stream,
                Secret{std::string{market_stream_target}});
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (mark_connection_) mark_connection_->client().ping();
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    mark_connection_.reset();
  } else if (const auto* change = std::get_if<effect::ChangeSubscriptions>(&effect)) {
    std::vector<std::string> streams;
    for (const std::string& symbol : change->symbols)
      streams.push_back(mark_price_stream_name(symbol, settings_.mark_price_interval));
    const bool adds = change->method == effect::ChangeSubscriptions::Method::subscribe;
    if (mark_connection_)
      mark_connection_->client().send_text(adds ? subscribe_request(streams, change->id)
                                                : unsubscribe_request(streams, change->id));
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(line->level, {}, line->text);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the mark price stream");
  }
}

void EnvironmentDriver::perform_clock(Effect effect) {
  if (const auto* wanted = std::get_if<effect::Request>(&effect)) {
    request(wanted->endpoint, nullptr, [this, number = wanted->request](RestReply reply) {
      clock_session_.answer(number, reply, read_clocks());
      start_accounts_once_the_clock_is_known();
    });
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(line->level, {}, line->text);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the clock");
  }
}

void EnvironmentDriver::open_stream(Account* account, StreamNumber stream, const Url& route,
                                    Secret target) {
  auto& connection = connection_of(account);
  connection =
      std::make_unique<StreamConnection>(*this, account, stream, loop_, tls_, server_of(route));
  connection->client().open(Secret{route.path + std::string{target.reveal()}});
}

std::unique_ptr<StreamConnection>& EnvironmentDriver::connection_of(Account* account) {
  return account != nullptr ? account->connection : mark_connection_;
}

void EnvironmentDriver::request(Endpoint endpoint, const Credentials* credentials,
                                Answered answered) {
  ++requests_under_way_;
  RestRequest request = make_request(endpoint, credentials, clock_.at_least(read_wall_clock()));
  rest_.perform(to_exchange(std::move(request)), limits::rest_timeout,
                [this, endpoint,
                 answered = std::move(answered)](const Result<HttpAnswer, HttpFailure>& result) {
                  --requests_under_way_;
                  if (result) {
                    rest_metrics_.count(endpoint, std::to_string(result->status));
                    if (result->used_weight_1m && *result->used_weight_1m >= 0)
                      used_weight_.set(*result->used_weight_1m);
                    answered(parse_reply(endpoint, {.status = result->status,
                                                    .body = result->body,
                                                    .retry_after = result->retry_after}));
                  } else {
                    rest_metrics_.count(endpoint, std::string{to_string(result.error().kind)});
                    answered(to_rest_failure(result.error()));
                  }
                  settle();
                });
}

// --- time -----------------------------------------------------------------------------------

void EnvironmentDriver::start_accounts_once_the_clock_is_known() {
  if (accounts_started_ || !clock_.is_known()) return;
  accounts_started_ = true;
  for (auto& account : accounts_) account->session.start(read_clocks());
}

void EnvironmentDriver::wake() {
  const Now now = read_clocks();
  clock_session_.wake(now);
  for (auto& account : accounts_) {
    if (account->session.deadline() <= now.monotonic) account->session.wake(now);
  }
  feed_.wake(now);
  mark_session_.wake(now);
}

MonotonicTime EnvironmentDriver::deadline() const {
  MonotonicTime deadline =
      std::min({clock_session_.deadline(), mark_session_.deadline(), feed_.deadline()});
  for (const auto& account : accounts_) deadline = std::min(deadline, account->session.deadline());
  return deadline;
}

void EnvironmentDriver::set_alarm() {
  const MonotonicTime wanted = deadline();
  if (wanted == alarm_at_) return;
  alarm_at_ = wanted;
  alarm_.expires_at(to_steady_time(wanted));
  alarm_.async_wait([this](boost::system::error_code error) {
    if (error) return;  // set anew, or the driver is gone
    alarm_at_ = never;
    settle();
  });
}

}  // namespace bridge
