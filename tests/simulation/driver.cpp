#include "tests/simulation/driver.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "bridge/core/assert.hpp"
#include "bridge/core/limits.hpp"
#include "bridge/wire/control_requests.hpp"
#include "bridge/wire/rest_replies.hpp"
#include "bridge/wire/rest_requests.hpp"

namespace simulation {
namespace {

using namespace bridge;

constexpr std::string_view user_route = "/private";
constexpr std::string_view market_route = "/market";

// Far more rounds than any chain of effects needs.
constexpr int rounds_max = 10'000;

std::string_view method_text(HttpMethod method) {
  switch (method) {
    case HttpMethod::get: return "GET";
    case HttpMethod::post: return "POST";
    case HttpMethod::put: return "PUT";
    case HttpMethod::delete_: return "DELETE";
  }
  BRIDGE_UNREACHABLE("not an HttpMethod");
}

std::optional<Duration> retry_after_of(const exchange::HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (name != "Retry-After") continue;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc{} && end == value.data() + value.size())
      return std::chrono::seconds{seconds};
  }
  return std::nullopt;
}

}  // namespace

Driver::Driver(Network& network, const VirtualClock& clock, Trace& trace,
               Publications& publications, const Settings& settings)
    : network_(network),
      virtual_clock_(clock),
      trace_(trace),
      settings_(settings),
      feed_(publications, clock_, settings.stale_after, topics_),
      clock_session_(clock_, settings.seed),
      mark_session_(feed_, {.silence_max = settings.stale_after, .seed = settings.seed + 1}) {}

void Driver::add_account(const std::string& name, Credentials credentials) {
  const auto number = feed_.add_account({.name = name, .venue = Venue::binance_usdm}, now());
  BRIDGE_ASSERT(number == accounts_.size());
  const AccountSession::Settings settings{.reconcile_interval = settings_.reconcile_interval,
                                          .seed = settings_.seed + 2 + number};
  accounts_.push_back(std::unique_ptr<Account>{
      new Account{.number = number,
                  .name = name,
                  .credentials = std::move(credentials),
                  .session = AccountSession{feed_, number, clock_, settings},
                  .connection = {},
                  .last_snapshot = {}}});
  account_deadlines_.push_back(bridge::never);
}

void Driver::start() {
  for (AccountIndex number = 0; number < accounts_.size(); ++number) {
    feed_.set_user_phase(number, PositionFeed::UserPhase::connecting,
                         "asking the exchange for its time", now());
  }
  clock_session_.start(now());
  mark_session_.start(now());
  settle();
}

// --- streams ----------------------------------------------------------------------------------

void Driver::stream_opened(const LinkOwner& owner) {
  if (owner.account == nobody) {
    mark_session_.stream_opened(owner.stream, now());
  } else {
    touch(owner.account);
    accounts_[owner.account]->session.stream_opened(owner.stream, now());
  }
  settle();
}

void Driver::stream_alive(const LinkOwner& owner) {
  if (owner.account == nobody) {
    mark_session_.stream_alive(owner.stream, now());
  } else {
    unsettle(owner.account);
    accounts_[owner.account]->session.stream_alive(owner.stream, now());
  }
}

void Driver::stream_closed(const LinkOwner& owner, const StreamEnd& end) {
  auto& connection = connection_of(owner.account);
  if (connection && connection->stream == owner.stream) connection.reset();
  if (owner.account == nobody) {
    mark_session_.stream_closed(owner.stream, end, now());
  } else {
    touch(owner.account);
    if (settings_.mutant != Mutant::lose_close_notification)
      accounts_[owner.account]->session.stream_closed(owner.stream, end, now());
  }
  settle();
}

void Driver::stream_frame(const LinkOwner& owner, PaddedText frame) {
  if (owner.account == nobody) {
    market_frame(owner.stream, frame);
  } else {
    touch(owner.account);
    user_frame(*accounts_[owner.account], owner.stream, frame);
  }
}

void Driver::turn_ended(const LinkOwner&) {
  settle();
}

void Driver::user_frame(Account& account, StreamNumber stream, PaddedText frame) {
  if (trace_.has_lines()) {
    trace_.line(virtual_clock_.elapsed(), account.name + " <- " + std::string(frame.view()));
  }
  auto message = user_parser_.parse(frame);
  if (!message) {
    faults_.unreadable = std::string(frame.view());
    account.session.stream_alive(stream, now());
    return;
  }
  if (is_dropped(account, frame)) {
    account.session.stream_alive(stream, now());
    return;
  }
  if (auto* update = std::get_if<AccountUpdate>(&*message);
      update != nullptr && settings_.mutant == Mutant::swap_position_sides) {
    for (PositionChange& change : update->positions) {
      using enum PositionSide;
      if (change.position_side != both)
        change.position_side = change.position_side == long_side ? short_side : long_side;
    }
  }
  account.session.stream_message(stream, std::move(*message), now());
}

// Only mutants drop anything.
bool Driver::is_dropped(Account& account, PaddedText frame) {
  if (frame.view().find("ACCOUNT_UPDATE") == std::string_view::npos) return false;
  if (settings_.mutant == Mutant::drop_an_update) return ++account.updates % 20 == 0;
  if (settings_.mutant != Mutant::drop_while_synchronizing) return false;
  const auto view = feed_.view(account.number);
  return view.mark_connected && view.state != AccountState::live;
}

void Driver::market_frame(StreamNumber stream, PaddedText frame) {
  const auto message = market_parser_.parse(frame);
  if (!message) {
    faults_.unreadable = std::string(frame.view());
    mark_session_.stream_alive(stream, now());
    return;
  }
  if (const auto* prices = std::get_if<MarkPriceTicks>(&*message)) {
    for (const MarkPriceTick& tick : prices->ticks) note_price(tick.symbol);
    mark_session_.stream_prices(stream, prices->ticks, now());
  } else if (const auto* reply = std::get_if<ControlReply>(&*message)) {
    mark_session_.stream_reply(stream, *reply, now());
  } else if (const auto* event = std::get_if<OtherEvent>(&*message)) {
    mark_session_.stream_event(stream, *event, now());
  }
}

void Driver::note_price(std::string_view symbol) {
  const auto found = prices_heard_at_.find(symbol);
  if (found != prices_heard_at_.end()) {
    found->second = virtual_clock_.elapsed();
  } else {
    prices_heard_at_.emplace(symbol, virtual_clock_.elapsed());
  }
}

Instant Driver::price_heard_at(std::string_view symbol) const {
  const auto found = prices_heard_at_.find(symbol);
  return found == prices_heard_at_.end() ? Instant::min() : found->second;
}

// --- answers ----------------------------------------------------------------------------------

void Driver::answered(const RequestPurpose& purpose, const exchange::HttpResponse& response) {
  if (settings_.mutant == Mutant::answer_with_old_snapshot &&
      purpose.endpoint == Endpoint::position_risk && response.status == 200) {
    exchange::HttpResponse& last = accounts_[purpose.account]->last_snapshot;
    exchange::HttpResponse previous = std::exchange(last, response);
    if (!previous.body.empty()) {
      answer(purpose,
             parse_reply(purpose.endpoint, {.status = previous.status, .body = previous.body}));
      return;
    }
  }
  answer(purpose, parse_reply(purpose.endpoint, {.status = response.status,
                                                 .body = response.body,
                                                 .retry_after = retry_after_of(response)}));
}

void Driver::failed(const RequestPurpose& purpose, RestFailure::Kind kind) {
  answer(purpose, RestFailure{.kind = kind, .message = "simulated"});
}

void Driver::answer(const RequestPurpose& purpose, RestReply reply) {
  if (trace_.has_lines()) {
    const auto* failure = std::get_if<RestFailure>(&reply);
    trace_.line(virtual_clock_.elapsed(),
                (purpose.account == nobody ? "clock" : accounts_[purpose.account]->name) + " <- " +
                    std::string(to_string(purpose.endpoint)) + " " +
                    std::to_string(purpose.number) +
                    (failure == nullptr ? "" : " failed: " + failure->message));
  }
  if (purpose.account == nobody) {
    clock_session_.answer(purpose.number, reply, now());
    if (!accounts_started_ && clock_.is_known()) {
      accounts_started_ = true;
      for (AccountIndex index = 0; index < accounts_.size(); ++index) {
        touch(index);
        accounts_[index]->session.start(now());
      }
    }
  } else {
    touch(purpose.account);
    accounts_[purpose.account]->session.answer(purpose.number, std::move(reply), now());
  }
  settle();
}

// --- effects ----------------------------------------------------------------------------------

void Driver::settle() {
  const MonotonicTime time = now().monotonic;
  for (int round = 0; perform_all() || monotonic_deadline() <= time; ++round) {
    if (monotonic_deadline() <= time) wake();
    if (round == rounds_max) {
      faults_.never_settles = true;
      return;
    }
  }
}

bool Driver::perform_all() {
  bool any = false;
  for (Effect& effect : clock_session_.effects().take()) {
    perform_clock(std::move(effect));
    any = true;
  }
  for (Effect& effect : mark_session_.effects().take()) {
    perform_mark(std::move(effect));
    any = true;
  }
  std::vector<AccountIndex> unsettled = std::exchange(unsettled_, std::move(spare_));
  std::sort(unsettled.begin(), unsettled.end());
  for (const AccountIndex index : unsettled) {
    Account& account = *accounts_[index];
    account.is_unsettled = false;
    for (Effect& effect : account.session.effects().take()) {
      if (!std::holds_alternative<effect::Ping>(effect)) note(index);
      perform(index, std::move(effect));
      any = true;
    }
    set_deadline(index, account.session.deadline());
  }
  unsettled.clear();
  spare_ = std::move(unsettled);
  return any;
}

void Driver::perform(AccountIndex index, Effect effect) {
  if (auto* open_stream = std::get_if<effect::OpenUserStream>(&effect)) {
    open(index, open_stream->stream,
         std::string(user_route) +
             std::string(user_stream_target(open_stream->listen_key).reveal()));
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (const auto& connection = accounts_[index]->connection) network_.ping(connection->link);
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    close(index);
  } else if (const auto* wanted = std::get_if<effect::Request>(&effect)) {
    request(index, *wanted);
  } else if (std::holds_alternative<effect::SynchronizeClock>(effect)) {
    clock_session_.synchronize(now());
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(index, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of an account");
  }
}

void Driver::perform_mark(Effect effect) {
  if (const auto* open_stream = std::get_if<effect::OpenMarketStream>(&effect)) {
    open(nobody, open_stream->stream,
         std::string(market_route) + std::string(market_stream_target));
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (mark_connection_) network_.ping(mark_connection_->link);
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    close(nobody);
  } else if (const auto* change = std::get_if<effect::ChangeSubscriptions>(&effect)) {
    std::vector<std::string> streams;
    for (const std::string& symbol : change->symbols)
      streams.push_back(mark_price_stream_name(symbol, settings_.mark_price_interval));
    const bool adds = change->method == effect::ChangeSubscriptions::Method::subscribe;
    const int copies = settings_.mutant == Mutant::flood_control_messages ? 12 : 1;
    for (int copy = 0; mark_connection_ && copy < copies; ++copy) {
      network_.send_text(mark_connection_->link, adds ? subscribe_request(streams, change->id)
                                                      : unsubscribe_request(streams, change->id));
    }
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(nobody, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the mark price stream");
  }
}

void Driver::perform_clock(Effect effect) {
  if (const auto* wanted = std::get_if<effect::Request>(&effect)) {
    request(nobody, *wanted);
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(nobody, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the clock");
  }
}

void Driver::open(AccountIndex account, StreamNumber stream, std::string target) {
  auto& connection = connection_of(account);
  if (connection) {
    faults_.opened_beside_open_stream = true;
    network_.close(connection->link);
  }
  const LinkId link = network_.open({.account = account, .stream = stream}, std::move(target));
  connection = Connection{.link = link, .stream = stream};
}

void Driver::close(AccountIndex account) {
  auto& connection = connection_of(account);
  if (!connection) return;
  if (settings_.mutant != Mutant::keep_old_socket) network_.close(connection->link);
  connection.reset();
}

std::optional<Driver::Connection>& Driver::connection_of(AccountIndex account) {
  return account == nobody ? mark_connection_ : accounts_[account]->connection;
}

void Driver::request(AccountIndex account, const effect::Request& wanted) {
  const Credentials* const credentials =
      account == nobody ? nullptr : &accounts_[account]->credentials;
  RestRequest made = make_request(wanted.endpoint, credentials, clock_.at_least(now().monotonic));
  exchange::HttpRequest request{.method = std::string(method_text(made.method)),
                                .target = std::string(made.target.reveal()),
                                .api_key = {},
                                .body = {},
                                .address = std::string(Network::bridge_address)};
  if (made.api_key) request.api_key = made.api_key->reveal();
  network_.request({.account = account, .number = wanted.request, .endpoint = wanted.endpoint},
                   std::move(request), limits::rest_timeout);
}

void Driver::log(AccountIndex account, const effect::Log& line) {
  if (!trace_.has_lines()) return;
  trace_.line(virtual_clock_.elapsed(),
              (account == nobody ? "bridge" : accounts_[account]->name) + ": " + line.text);
}

// --- time -------------------------------------------------------------------------------------

void Driver::wake() {
  const Now time = now();
  clock_session_.wake(time);
  wake_accounts(time);
  if (settings_.mutant != Mutant::never_wake_the_feed) feed_.wake(time);
  mark_session_.wake(time);
}

void Driver::wake_accounts(Now time) {
  std::vector<AccountIndex> due;
  while (!due_.empty() && due_.top().first <= time.monotonic) {
    due.push_back(due_.top().second);
    account_deadlines_[due.back()] = bridge::never;
    drop_outdated();
  }
  std::sort(due.begin(), due.end());
  for (const AccountIndex index : due) {
    if (settings_.mutant == Mutant::never_wake_an_account && index == 0) continue;
    unsettle(index);
    accounts_[index]->session.wake(time);
  }
}

// With many accounts, looking at all of them after every step would be most of the work.
void Driver::set_deadline(AccountIndex account, MonotonicTime deadline) {
  if (std::exchange(account_deadlines_[account], deadline) == deadline) return;
  if (deadline != bridge::never) due_.emplace(deadline, account);
  drop_outdated();
}

void Driver::drop_outdated() {
  while (!due_.empty() && account_deadlines_[due_.top().second] != due_.top().first) due_.pop();
}

void Driver::touch(AccountIndex account) {
  note(account);
  unsettle(account);
}

void Driver::note(AccountIndex account) {
  if (touched_.empty() || touched_.back() != account) touched_.push_back(account);
}

void Driver::unsettle(AccountIndex account) {
  if (std::exchange(accounts_[account]->is_unsettled, true)) return;
  unsettled_.push_back(account);
}

MonotonicTime Driver::monotonic_deadline() const {
  MonotonicTime deadline = std::min(clock_session_.deadline(), mark_session_.deadline());
  if (settings_.mutant != Mutant::never_wake_the_feed)
    deadline = std::min(deadline, feed_.deadline());
  return due_.empty() ? deadline : std::min(deadline, due_.top().first);
}

Instant Driver::deadline() const {
  return VirtualClock::instant_of(monotonic_deadline());
}

}  // namespace simulation
