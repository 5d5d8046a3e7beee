#include "tests/simulation/driver.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/wire/exchange/control_requests.hpp"
#include "bridge/wire/exchange/rest_replies.hpp"
#include "bridge/wire/exchange/rest_requests.hpp"

namespace simulation {
namespace {

using namespace bridge;

constexpr std::string_view user_route = "/private";
constexpr std::string_view market_route = "/market";

using Owner = EnvironmentSession::Owner;

// The number of a request that no session has made; theirs count from 1.
constexpr RequestNumber unasked = 0;

AccountIndex account_of(Owner owner) {
  const bool is_nobodys =
      owner == EnvironmentSession::clock_owner || owner == EnvironmentSession::mark_owner;
  return is_nobodys ? nobody : owner;
}

std::string_view method_text(HttpMethod method) {
  switch (method) {
    case HttpMethod::get: return "GET";
    case HttpMethod::post: return "POST";
    case HttpMethod::put: return "PUT";
    case HttpMethod::delete_: return "DELETE";
  }
  BRIDGE_UNREACHABLE("not an HttpMethod");
}

std::optional<std::int64_t> number_in(const exchange::HttpResponse& response,
                                      std::string_view header) {
  for (const auto& [name, value] : response.headers) {
    if (name != header) continue;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && end == value.data() + value.size()) return number;
  }
  return std::nullopt;
}

std::optional<Duration> retry_after_of(const exchange::HttpResponse& response) {
  const auto seconds = number_in(response, "Retry-After");
  return seconds ? std::optional<Duration>{std::chrono::seconds{*seconds}} : std::nullopt;
}

}  // namespace

Driver::Driver(Network& network, const VirtualClock& clock, Trace& trace,
               Publications& publications, const Settings& settings)
    : network_(network),
      virtual_clock_(clock),
      trace_(trace),
      settings_(settings),
      session_(publications, clock_,
               {.mark_price_mode = settings.mark_price_mode,
                .stale_after = settings.stale_after,
                .reconcile_interval = settings.reconcile_interval,
                .user_stream_form = settings.user_stream_form,
                .seed = settings.seed},
               topics_) {}

void Driver::add_account(const std::string& name, Credentials credentials) {
  const auto number = session_.add_account({.name = name, .venue = Venue::binance_usdm},
                                           AccountSession::Settings::ListenKeyOnStop::keep, now());
  BRIDGE_ASSERT(number == accounts_.size());
  accounts_.push_back(std::unique_ptr<Account>{new Account{.name = name,
                                                           .credentials = std::move(credentials),
                                                           .connections = {},
                                                           .last_snapshot = {}}});
}

void Driver::start() {
  session_.start(now());
  settle();
}

// --- streams ----------------------------------------------------------------------------------

void Driver::stream_opened(const LinkOwner& owner) {
  if (owner.account == nobody) {
    session_.mark().stream_opened(owner.stream, now());
  } else {
    session_of(owner.account).stream_opened(owner.stream, now());
  }
  settle();
}

void Driver::stream_alive(const LinkOwner& owner) {
  if (owner.account == nobody) {
    session_.mark().stream_alive(owner.stream, now());
  } else {
    session_.account(owner.account).stream_alive(owner.stream, now());
  }
}

void Driver::stream_closed(const LinkOwner& owner, const StreamEnd& end) {
  forget(owner.account, owner.stream);
  if (owner.account == nobody) {
    session_.mark().stream_closed(owner.stream, end, now());
  } else if (settings_.mutant != Mutant::lose_close_notification) {
    session_of(owner.account).stream_closed(owner.stream, end, now());
  }
  settle();
}

void Driver::stream_frame(const LinkOwner& owner, PaddedText frame) {
  if (owner.account == nobody) {
    market_frame(owner.stream, frame);
  } else {
    user_frame(owner.account, owner.stream, frame);
  }
}

void Driver::turn_ended(const LinkOwner&) {
  settle();
}

void Driver::user_frame(AccountIndex index, StreamNumber stream, PaddedText frame) {
  if (trace_.has_lines()) {
    trace_.line(virtual_clock_.elapsed(), name_of(index) + " <- " + std::string(frame.view()));
  }
  AccountSession& session = session_of(index);
  auto message = user_parser_.parse(frame);
  if (!message) {
    note_unreadable(frame);
    session.stream_alive(stream, now());
    return;
  }
  if (is_dropped(index, frame)) {
    session.stream_alive(stream, now());
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
  session.stream_message(stream, std::move(*message), now());
}

void Driver::note_unreadable(PaddedText frame) {
  ++faults_.unreadable_count;
  faults_.unreadable = std::string(frame.view());
}

// Only mutants drop anything.
bool Driver::is_dropped(AccountIndex index, PaddedText frame) {
  if (frame.view().find("\"e\":\"ACCOUNT_UPDATE\"") == std::string_view::npos) return false;
  if (settings_.mutant == Mutant::drop_an_update) return ++accounts_[index]->updates % 20 == 0;
  if (settings_.mutant != Mutant::drop_while_synchronizing) return false;
  const auto view = feed().view(index);
  return view.mark_connected && view.state != AccountState::live;
}

void Driver::market_frame(StreamNumber stream, PaddedText frame) {
  if (settings_.mutant == Mutant::garble_a_frame && ++market_frames_ % 100 == 0)
    frame = PaddedText{frame.data(), frame.size() - 2};
  const auto message = market_parser_.parse(frame);
  if (!message) {
    note_unreadable(frame);
    session_.mark().stream_alive(stream, now());
    return;
  }
  if (const auto* prices = std::get_if<MarkPriceTicks>(&*message)) {
    for (const MarkPriceTick& tick : prices->ticks) note_price(tick.symbol);
    session_.mark().stream_prices(stream, prices->ticks, now());
  } else if (const auto* reply = std::get_if<ControlReply>(&*message)) {
    session_.mark().stream_reply(stream, *reply, now());
  } else if (const auto* event = std::get_if<OtherEvent>(&*message)) {
    session_.mark().stream_event(stream, *event, now());
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
  if (purpose.number == unasked) return;
  if (settings_.mutant == Mutant::ignore_bans && response.status == 418)
    return failed(purpose, RestFailure::Kind::network);
  if (settings_.mutant == Mutant::answer_with_old_snapshot &&
      purpose.endpoint == Endpoint::position_risk && response.status == 200) {
    exchange::HttpResponse& last = accounts_[purpose.account]->last_snapshot;
    exchange::HttpResponse previous = std::exchange(last, response);
    if (!previous.body.empty()) {
      answer(purpose,
             parse_reply(purpose.endpoint, {.status = previous.status, .body = previous.body}),
             std::nullopt);
      return;
    }
  }
  answer(purpose,
         parse_reply(purpose.endpoint, {.status = response.status,
                                        .body = response.body,
                                        .retry_after = retry_after_of(response)}),
         number_in(response, "X-MBX-USED-WEIGHT-1M"));
}

void Driver::failed(const RequestPurpose& purpose, RestFailure::Kind kind) {
  if (purpose.number == unasked) return;
  answer(purpose, RestFailure{.kind = kind, .message = "simulated"}, std::nullopt);
}

void Driver::answer(const RequestPurpose& purpose, RestReply reply,
                    std::optional<std::int64_t> used_weight) {
  if (trace_.has_lines()) {
    const auto* failure = std::get_if<RestFailure>(&reply);
    trace_.line(virtual_clock_.elapsed(),
                name_of(purpose.account) + " <- " + std::string(to_string(purpose.endpoint)) + " " +
                    std::to_string(purpose.number) +
                    (failure == nullptr ? "" : " failed: " + failure->message));
  }
  if (purpose.account != nobody) note(purpose.account);
  if (const auto* index = std::get_if<PremiumIndex>(&reply)) {
    for (const PremiumIndexRow& row : index->rows) note_price(row.symbol);
  }
  session_.answered(purpose.owner, purpose.number, std::move(reply), {used_weight, std::nullopt},
                    now());
  settle();
}

// --- effects ----------------------------------------------------------------------------------

void Driver::settle() {
  for (const auto& owned : session_.settle(now())) perform(owned);
  deadline_ = VirtualClock::instant_of(session_.deadline());
}

void Driver::perform(const EnvironmentSession::OwnedEffect& owned) {
  const AccountIndex account = account_of(owned.owner);
  const Effect& effect = owned.effect;
  if (account != nobody && !std::holds_alternative<effect::Ping>(effect)) note(account);
  if (settings_.mutant == Mutant::ignore_an_account && account == 0) return;
  if (const auto* wanted = std::get_if<effect::Request>(&effect)) {
    request(owned.owner, *wanted);
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(account, *line);
  } else if (const auto* ping = std::get_if<effect::Ping>(&effect)) {
    if (const auto link = link_of(account, ping->stream)) network_.ping(*link);
  } else if (const auto* closed = std::get_if<effect::CloseStream>(&effect)) {
    close(account, closed->stream);
  } else if (const auto* user = std::get_if<effect::OpenUserStream>(&effect)) {
    const Secret target = user_stream_target(user->form, user->listen_key);
    open(account, user->stream, std::string(user_route) + std::string(target.reveal()));
  } else if (const auto* subscribe = std::get_if<effect::SubscribeUserStream>(&effect)) {
    const Secret text = user_stream_subscribe_request(subscribe->listen_key, subscribe->id);
    send_text(account, subscribe->stream, std::string(text.reveal()));
  } else if (const auto* list = std::get_if<effect::ListSubscriptions>(&effect)) {
    send_text(account, list->stream, list_subscriptions_request(list->id));
  } else if (const auto* market = std::get_if<effect::OpenMarketStream>(&effect)) {
    open(nobody, market->stream, std::string(market_route) + std::string(market_stream_target));
  } else if (const auto* change = std::get_if<effect::ChangeSubscriptions>(&effect)) {
    change_subscriptions(*change);
  } else {
    BRIDGE_UNREACHABLE("not an effect that the driver performs");
  }
}

void Driver::change_subscriptions(const effect::ChangeSubscriptions& change) {
  const auto streams = mark_price_stream_names(change, settings_.mark_price_interval);
  const bool adds = change.method == effect::ChangeSubscriptions::Method::subscribe;
  const int copies = settings_.mutant == Mutant::flood_control_messages ? 12 : 1;
  for (int copy = 0; copy < copies; ++copy)
    send_text(
        nobody, change.stream,
        adds ? subscribe_request(streams, change.id) : unsubscribe_request(streams, change.id));
}

void Driver::open(AccountIndex account, StreamNumber stream, const std::string& target) {
  Connections& connections = connections_of(account);
  const int copies = settings_.mutant == Mutant::open_streams_thrice ? 3 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (connections.size() > 1) faults_.opened_a_third_stream = true;
    connections.push_back(
        {.link = network_.open({.account = account, .stream = stream}, target), .stream = stream});
  }
}

void Driver::close(AccountIndex account, StreamNumber stream) {
  const auto link = link_of(account, stream);
  if (link && settings_.mutant != Mutant::keep_old_socket) network_.close(*link);
  forget(account, stream);
}

void Driver::forget(AccountIndex account, StreamNumber stream) {
  std::erase_if(connections_of(account),
                [stream](const Connection& one) { return one.stream == stream; });
}

void Driver::send_text(AccountIndex account, StreamNumber stream, const std::string& text) {
  if (const auto link = link_of(account, stream)) network_.send_text(*link, text);
}

std::optional<LinkId> Driver::link_of(AccountIndex account, StreamNumber stream) {
  for (const Connection& connection : connections_of(account)) {
    if (connection.stream == stream) return connection.link;
  }
  return std::nullopt;
}

Driver::Connections& Driver::connections_of(AccountIndex account) {
  return account == nobody ? mark_connections_ : accounts_[account]->connections;
}

void Driver::request(Owner owner, const effect::Request& wanted) {
  const AccountIndex account = account_of(owner);
  const Credentials* const credentials =
      account == nobody ? nullptr : &accounts_[account]->credentials;
  RestRequest made = make_request(wanted.endpoint, credentials, clock_.at_least(now().monotonic),
                                  receive_window_default, wanted.symbol);
  exchange::HttpRequest request{.method = std::string(method_text(made.method)),
                                .target = std::string(made.target.reveal()),
                                .api_key = {},
                                .body = {},
                                .address = std::string(Network::bridge_address)};
  if (made.api_key) request.api_key = made.api_key->reveal();
  RequestPurpose purpose{
      .account = account, .owner = owner, .number = wanted.request, .endpoint = wanted.endpoint};
  if (settings_.mutant == Mutant::never_renew_a_key &&
      wanted.endpoint == Endpoint::keep_listen_key_alive) {
    request.method = "GET";
    request.target = "/fapi/v1/time";  // an answer that looks like success
  }
  network_.request(purpose, request, limits::rest_timeout);
  if (settings_.mutant != Mutant::ignore_weight) return;
  purpose.number = unasked;
  for (int more = 1; more < 30; ++more) network_.request(purpose, request, limits::rest_timeout);
}

void Driver::log(AccountIndex account, const effect::Log& line) {
  if (!trace_.has_lines()) return;
  trace_.line(virtual_clock_.elapsed(), name_of(account) + ": " + line.text);
}

const std::string& Driver::name_of(AccountIndex account) const {
  static const std::string bridge = "bridge";
  return account == nobody ? bridge : accounts_[account]->name;
}

// --- accounts and time ------------------------------------------------------------------------

AccountSession& Driver::session_of(AccountIndex account) {
  note(account);
  return session_.account(account);
}

void Driver::note(AccountIndex account) {
  if (touched_.empty() || touched_.back() != account) touched_.push_back(account);
}

}  // namespace simulation
