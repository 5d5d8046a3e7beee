#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/sessions/environment_session.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge::testing {

using namespace std::chrono_literals;

// The sessions of one environment against a small exchange, in virtual time: everything takes 50
// ms, and each way in which it misbehaves is a switch. Mark prices tick once a second.
class EnvironmentTest : public ::testing::Test {
 protected:
  using AccountNumber = EnvironmentSession::AccountNumber;
  using Owner = EnvironmentSession::Owner;

  // How the exchange treats one account.
  struct Treatment {
    std::string key;                     // the living listen key; empty: none
    bool keys_are_refused = false;       // POST and PUT fail with 503
    bool credentials_are_bad = false;    // -2015
    bool events_are_overlooked = false;  // streams opened now do not carry the events
    enum class Lists : std::uint8_t {
      events,
      bare_key,
      other_names,
      nothing,
      an_error
    } lists = Lists::events;  // in answer to LIST_SUBSCRIPTIONS
    std::set<UserStreamForm> served{UserStreamForm::events, UserStreamForm::subscribe,
                                    UserStreamForm::path};  // the others bring nothing
    bool is_deaf_to_probes = false;                         // LIST_SUBSCRIPTIONS is not answered
    bool answers_pings = true;
    int events_to_lose = 0;
    PositionMode mode = PositionMode::one_way;
    std::map<std::string, PositionRow> held;  // by symbol
  };

  struct Stream {
    Owner owner = 0;
    StreamNumber number = 0;
    std::string key;
    UserStreamForm form = UserStreamForm::events;
    bool is_open = false;
    bool carries_events = true;
    bool is_silenced = false;  // nothing leaves it any more, not even pongs
    bool is_mute = false;      // no data, but control traffic
    std::set<std::string> symbols;
    bool all_symbols = false;
    MonotonicTime asked_at;
  };

  void start(std::size_t accounts, EnvironmentSession::Settings settings = {}) {
    if (settings.stale_after == Duration::zero()) settings.stale_after = 10s;
    settings.seed = 7;
    session_ = std::make_unique<EnvironmentSession>(subscriber_, clock_, settings, topics_);
    for (std::size_t number = 0; number < accounts; ++number)
      session_->add_account(
          {.name = name_of(static_cast<AccountNumber>(number)), .venue = Venue::binance_usdm},
          AccountSession::Settings::ListenKeyOnStop::keep, now());
    treatments_.resize(accounts, treatment_of_all_);
    session_->start(now());
    perform();
    tick();
  }

  static std::string name_of(AccountNumber number) { return "account-" + std::to_string(number); }

  Now now() const {
    return {.monotonic = MonotonicTime{1h} + elapsed_,
            .wall = exchange_time(1'795'350'000'000) + elapsed_};
  }
  std::int64_t exchange_ms() const { return to_ms(now().wall); }

  // Lets time pass until nothing is due before its end.
  void pass(Duration duration) {
    const MonotonicTime end = now().monotonic + duration;
    while (true) {
      const MonotonicTime due = std::min(session_->deadline(), next_event());
      if (due > end) break;
      set_time(std::max(due, now().monotonic));
      while (!events_.empty() && events_.begin()->first <= now().monotonic) {
        auto node = events_.extract(events_.begin());
        node.mapped()();
      }
      perform();
    }
    set_time(end);
  }

  template <class Condition>
  bool pass_until(Duration longest, Condition&& condition) {
    for (Duration passed{}; passed < longest; passed += 100ms) {
      if (condition()) return true;
      pass(100ms);
    }
    return condition();
  }

  bool is_live(AccountNumber number) const {
    return session_->feed().view(number).state == AccountState::live;
  }
  AccountState state(AccountNumber number = 0) const { return session_->feed().view(number).state; }
  std::string detail(AccountNumber number = 0) const {
    return std::string{session_->feed().view(number).detail};
  }
  bool all_live() const {
    for (AccountNumber number = 0; number < treatments_.size(); ++number) {
      if (!is_live(number)) return false;
    }
    return true;
  }
  // "0.5", or "0" where nothing is held.
  std::string published_amount(AccountNumber number, std::string_view symbol) const {
    const auto id = session_->feed().symbols().find(symbol);
    const auto* entry =
        id ? session_->feed().view(number).book.find(*id, PositionSide::both) : nullptr;
    return entry == nullptr ? "0" : entry->position.amount.to_string();
  }

  Treatment& treatment(AccountNumber number = 0) { return treatments_[number]; }

  // The account changes its position, and its streams are told.
  void trade(AccountNumber number, const std::string& symbol, const std::string& amount,
             const std::string& price = "100") {
    Treatment& account = treatments_[number];
    if (decimal(amount).is_zero()) {
      account.held.erase(symbol);
    } else {
      account.held[symbol] = row(symbol, PositionSide::both, amount, price, exchange_ms());
    }
    tell(number, account_update(exchange_ms(), {change(symbol, PositionSide::both, amount,
                                                       decimal(amount).is_zero() ? "0" : price)}));
  }

  void tell(AccountNumber number, const UserMessage& message) {
    Treatment& account = treatments_[number];
    if (account.events_to_lose > 0) {
      --account.events_to_lose;
      return;
    }
    for (const Stream& stream : streams_) {
      if (stream.owner != number || !stream.is_open || stream.key != account.key ||
          !stream.carries_events || stream.is_silenced || stream.is_mute)
        continue;
      later([this, number, stream = stream.number, message] {
        if (find(number, stream) != nullptr)
          session_->account(number).stream_message(stream, message, now());
      });
    }
  }

  // A stream of the account ends as the exchange ends it.
  void cut(Owner owner, CloseCause cause = CloseCause::reset, std::string text = "cut") {
    for (const Stream& stream : streams_of(owner)) close(stream, cause, text);
  }

  std::vector<Stream> streams_of(Owner owner) const {
    std::vector<Stream> found;
    std::copy_if(streams_.begin(), streams_.end(), std::back_inserter(found),
                 [owner](const Stream& stream) { return stream.owner == owner; });
    return found;
  }
  template <class Change>
  void change_streams(Owner owner, Change&& change_one) {
    for (Stream& stream : streams_) {
      if (stream.owner == owner) change_one(stream);
    }
  }

  // Until when the address is banned; requests before that are answered 418.
  void ban(Duration duration) { banned_until_ = now().monotonic + duration; }

  // The exchange does not have it: it answers so, however it is asked.
  static RestFailure no_such_path(int status = 404, std::optional<int> code = {}) {
    return {.kind = RestFailure::Kind::refused,
            .http_status = status,
            .code = code,
            .message = "no such path"};
  }

  std::optional<std::uint32_t> published_leverage(AccountNumber number,
                                                  std::string_view symbol) const {
    const auto id = session_->feed().symbols().find(symbol);
    const auto* entry =
        id ? session_->feed().view(number).book.find(*id, PositionSide::both) : nullptr;
    return entry == nullptr ? std::nullopt : entry->position.leverage;
  }

  std::size_t count_of(Endpoint endpoint) const {
    return static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(),
                      [endpoint](const auto& request) { return request.endpoint == endpoint; }));
  }

  struct Asked {
    MonotonicTime at;
    Owner owner = 0;
    Endpoint endpoint = Endpoint::server_time;
  };

  Subscriber subscriber_;
  std::uint32_t topics_ = 0;
  ExchangeClock clock_;
  std::unique_ptr<EnvironmentSession> session_;
  std::vector<Treatment> treatments_;
  Treatment treatment_of_all_;   // with which accounts begin
  std::vector<Asked> requests_;  // all that were sent
  std::vector<MonotonicTime> connection_attempts_;
  std::vector<std::string> log_;
  std::set<std::string> settling_;  // symbols that do not tick any more
  MonotonicTime banned_until_;
  bool market_is_mute_ = false;              // market streams that are opened or open bring nothing
  bool rest_is_blocked_ = false;             // 451
  std::map<Endpoint, RestFailure> missing_;  // endpoints that the exchange does not have
  bool answers_have_dates_ = false;
  bool has_premium_index_ = true;
  std::int64_t foreign_weight_ = 0;  // that others at this address have used in this minute

 private:
  void set_time(MonotonicTime time) { elapsed_ = time - MonotonicTime{1h}; }
  MonotonicTime next_event() const { return events_.empty() ? never : events_.begin()->first; }
  void later(std::function<void()> event, Duration after = 50ms) {
    events_.emplace(now().monotonic + after, std::move(event));
  }

  Stream* find(Owner owner, StreamNumber number) {
    const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const Stream& stream) {
      return stream.owner == owner && stream.number == number;
    });
    return found == streams_.end() ? nullptr : &*found;
  }

  void close(const Stream& stream, CloseCause cause, const std::string& text) {
    later([this, stream, cause, text] {
      if (find(stream.owner, stream.number) == nullptr) return;
      erase(stream.owner, stream.number);
      if (stream.owner == EnvironmentSession::mark_owner) {
        session_->mark().stream_closed(stream.number, {cause, text}, now());
      } else {
        session_->account(stream.owner).stream_closed(stream.number, {cause, text}, now());
      }
    });
  }
  void erase(Owner owner, StreamNumber number) {
    std::erase_if(streams_, [&](const Stream& stream) {
      return stream.owner == owner && stream.number == number;
    });
  }

  void perform() {
    for (const auto& owned : session_->settle(now())) perform(owned.owner, owned.effect);
  }

  void perform(Owner owner, const Effect& effect) {
    if (const auto* open = std::get_if<effect::OpenUserStream>(&effect)) {
      this->open({.owner = owner,
                  .number = open->stream,
                  .key = std::string{open->listen_key.reveal()},
                  .form = open->form,
                  .carries_events = !treatments_[owner].events_are_overlooked &&
                                    treatments_[owner].served.contains(open->form),
                  .symbols = {},
                  .asked_at = now().monotonic});
    } else if (const auto* market = std::get_if<effect::OpenMarketStream>(&effect)) {
      this->open({.owner = owner,
                  .number = market->stream,
                  .key = {},
                  .symbols = {},
                  .asked_at = now().monotonic});
    } else if (const auto* close_one = std::get_if<effect::CloseStream>(&effect)) {
      erase(owner, close_one->stream);
    } else if (const auto* ping = std::get_if<effect::Ping>(&effect)) {
      answer_ping(owner, ping->stream);
    } else if (const auto* list = std::get_if<effect::ListSubscriptions>(&effect)) {
      answer_probe(owner, *list);
    } else if (const auto* wanted = std::get_if<effect::ChangeSubscriptions>(&effect)) {
      change_subscriptions(*wanted);
    } else if (const auto* request = std::get_if<effect::Request>(&effect)) {
      requests_.push_back({now().monotonic, owner, request->endpoint});
      later([this, owner, asked = *request] { answer(owner, asked); });
    } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
      log_.push_back(line->text);
    }
  }

  void open(Stream stream) {
    connection_attempts_.push_back(now().monotonic);
    streams_.push_back(stream);
    later([this, owner = stream.owner, number = stream.number] {
      Stream* const opened = find(owner, number);
      if (opened == nullptr) return;
      opened->is_open = true;
      if (owner == EnvironmentSession::mark_owner) {
        session_->mark().stream_opened(number, now());
      } else {
        session_->account(owner).stream_opened(number, now());
      }
    });
  }

  void answer_ping(Owner owner, StreamNumber number) {
    const Stream* const stream = find(owner, number);
    const bool is_market = owner == EnvironmentSession::mark_owner;
    if (stream == nullptr || stream->is_silenced ||
        (!is_market && !treatments_[owner].answers_pings))
      return;
    later([this, owner, number, is_market] {
      if (is_market) {
        session_->mark().stream_alive(number, now());
      } else {
        session_->account(owner).stream_alive(number, now());
      }
    });
  }

  void answer_probe(Owner owner, const effect::ListSubscriptions& list) {
    const Stream* const stream = find(owner, list.stream);
    if (stream == nullptr || stream->is_silenced || treatments_[owner].is_deaf_to_probes) return;
    const ControlReply reply = listing_of(*stream, treatments_[owner], list.id);
    later([this, owner, number = list.stream, reply] {
      session_->account(owner).stream_message(number, reply, now());
    });
  }

  static ControlReply listing_of(const Stream& stream, const Treatment& treatment,
                                 std::uint64_t id) {
    using Lists = Treatment::Lists;
    ControlReply reply{.id = id, .error_code = {}, .error_message = {}, .streams = {}};
    if (treatment.lists == Lists::an_error) {
      reply.error_code = 2;
      return reply;
    }
    reply.streams.emplace();
    if (treatment.lists == Lists::nothing) return reply;
    std::string name = stream.key;
    if (treatment.lists == Lists::other_names) name += "@account";
    if (treatment.lists == Lists::events && !treatment.events_are_overlooked)
      name += "@ACCOUNT_UPDATE";
    reply.streams->push_back(Secret{name});
    return reply;
  }

  void change_subscriptions(const effect::ChangeSubscriptions& change_of) {
    Stream* const stream = find(EnvironmentSession::mark_owner, change_of.stream);
    if (stream == nullptr) return;
    const bool adds = change_of.method == effect::ChangeSubscriptions::Method::subscribe;
    if (change_of.all_symbols) stream->all_symbols = true;
    for (const std::string& symbol : change_of.symbols) {
      if (adds) {
        stream->symbols.insert(symbol);
      } else {
        stream->symbols.erase(symbol);
      }
    }
  }

  void tick() {
    for (const Stream& stream : std::vector<Stream>{streams_}) {
      if (stream.owner != EnvironmentSession::mark_owner || !stream.is_open || market_is_mute_ ||
          stream.is_mute || stream.is_silenced)
        continue;
      std::set<std::string> symbols = stream.symbols;
      if (stream.all_symbols) symbols = {"BTCUSDT", "ETHUSDT", "XAUUSDT"};
      for (const std::string& symbol : symbols) {
        if (settling_.contains(symbol)) continue;
        const MarkPriceTick price = testing::tick(symbol, "100", exchange_ms());
        session_->mark().stream_prices(stream.number, std::span{&price, 1}, now());
      }
    }
    later([this] { tick(); }, 1s);
  }

  void answer(Owner owner, const effect::Request& asked) {
    const WallTime second{std::chrono::floor<std::chrono::seconds>(now().wall.time_since_epoch())};
    session_->answered(
        owner, asked.request, reply_to(owner, asked.endpoint),
        {foreign_weight_, answers_have_dates_ ? std::optional{second} : std::nullopt}, now());
  }

  static RestFailure refusal(int status, std::optional<int> code) {
    return {
        .kind = RestFailure::Kind::refused, .http_status = status, .code = code, .message = "no"};
  }

  RestReply reply_to(Owner owner, Endpoint endpoint) {
    if (now().monotonic < banned_until_) {
      RestFailure banned = refusal(418, -1003);
      banned.banned_until = now().wall + (banned_until_ - now().monotonic);
      return banned;
    }
    if (rest_is_blocked_) return refusal(451, std::nullopt);
    if (const auto missing = missing_.find(endpoint); missing != missing_.end())
      return missing->second;
    if (endpoint == Endpoint::server_time) return ServerTime{now().wall};
    if (owner == EnvironmentSession::mark_owner) return premium_index();
    Treatment& account = treatments_[owner];
    if (account.credentials_are_bad) return refusal(401, -2015);
    switch (endpoint) {
      case Endpoint::create_listen_key:
        if (account.keys_are_refused) return refusal(503, -1001);
        if (account.key.empty()) account.key = "KEY-" + std::to_string(++keys_);
        return ListenKeyReply{Secret{account.key}};
      case Endpoint::keep_listen_key_alive:
        if (account.keys_are_refused) return refusal(503, -1001);
        if (account.key.empty()) return refusal(400, -1125);
        return ListenKeyReply{Secret{account.key}};
      case Endpoint::position_risk: {
        PositionRows rows;
        for (const auto& [symbol, held] : account.held) rows.rows.push_back(held);
        return rows;
      }
      case Endpoint::position_risk_v2:
      case Endpoint::account_v2: return rows_of_all_symbols(account);
      case Endpoint::account_config:
      case Endpoint::position_side_dual: return AccountConfig{account.mode};
      case Endpoint::symbol_config: return SymbolConfigs{{{"BTCUSDT", MarginType::cross, 20}}};
      default: return refusal(400, std::nullopt);
    }
  }

  // Of all symbols that tick, whatever was asked for.
  RestReply premium_index() const {
    if (!has_premium_index_) return refusal(404, -5000);
    PremiumIndex index;
    for (const auto& treatment : treatments_) {
      for (const auto& [symbol, held] : treatment.held) {
        if (settling_.contains(symbol)) continue;
        index.rows.push_back({.symbol = symbol, .mark_price = decimal("101"), .time = now().wall});
      }
    }
    return index;
  }

  // v2: with settings, and with rows of symbols that are not held.
  static PositionRows rows_of_all_symbols(const Treatment& account) {
    PositionRows rows;
    for (const std::string symbol : {"BTCUSDT", "ETHUSDT", "XAUUSDT"}) {
      const auto held = account.held.find(symbol);
      PositionRow& one = rows.rows.emplace_back(
          held == account.held.end() ? row(symbol, PositionSide::both, "0", "0", 0) : held->second);
      one.margin_type = MarginType::cross;
      one.leverage = 20;
    }
    return rows;
  }

  Duration elapsed_{};
  std::multimap<MonotonicTime, std::function<void()>> events_;
  std::vector<Stream> streams_;
  int keys_ = 0;
};

}  // namespace bridge::testing
