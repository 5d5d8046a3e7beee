#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <msgpack.hpp>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Keeps the current positions of a position-bridge from its bus. This file makes
// all decisions: it takes messages and the time, and returns changes and subscriptions. It has no
// socket and no clock.
namespace position_subscriber {

using Clock = std::chrono::steady_clock;
using Text = std::string;
using OptionalText = std::optional<std::string>;
using OptionalNumber = std::optional<std::int64_t>;

// A position.update. Decimals are text with all digits; unknown values are absent.
struct Position {
  Text account, venue, symbol, position_side, side, size, entry_price;
  OptionalText break_even_price, mark_price, index_price, unrealized_pnl, realized_pnl, notional;
  OptionalText margin_type, isolated_wallet, funding_rate, account_reason;
  OptionalNumber leverage, next_funding_time_us, position_time_us, mark_time_us;
  // "live" only while it can be trusted: heartbeats arrive, no message was missed, and the
  // bridge reports it as live.
  Text state;
  Text trigger;
};

// The state of an account; `is_current`: no message of it is missing.
struct Account {
  Text state = "unknown";  // or the state from the bridge: live, stale, ...
  std::optional<std::uint64_t> sequence;
  bool is_current = false;
  bool is_known = false;  // otherwise it may hold positions that the bridge does not know
};

struct Key {
  Text account, symbol{}, position_side{};
  auto operator<=>(const Key&) const = default;
};

// A position, or an account when there is no symbol.
using Change = Key;

struct Counters {
  std::uint64_t gaps = 0, snapshots = 0, epochs = 0, stale = 0, rejected = 0;
};

// A change of the subscriptions of the socket.
struct Subscription {
  bool is_wanted;
  Text topic;
};

// A message that does not follow the protocol.
struct Garbage : std::runtime_error {
  Garbage() : std::runtime_error{"not a message of the bus"} {}
};

namespace detail {

inline void require(bool condition) {
  if (!condition) throw Garbage{};
}

inline std::uint64_t to_number(const msgpack::object& value) {
  require(value.type == msgpack::type::POSITIVE_INTEGER);
  return value.via.u64;
}

inline Text to_text(const msgpack::object& value) {
  require(value.type == msgpack::type::STR);
  return {value.via.str.ptr, value.via.str.size};
}

// A map by its keys. It refers to the object.
class Fields {
 public:
  explicit Fields(const msgpack::object& object) {
    require(object.type == msgpack::type::MAP);
    for (const auto& [key, value] : object.via.map)
      if (key.type == msgpack::type::STR)
        fields_.emplace(std::string_view{key.via.str.ptr, key.via.str.size}, &value);
  }

  const msgpack::object& at(std::string_view key) const {
    const auto found = fields_.find(key);
    require(found != fields_.end());
    return *found->second;
  }
  Text text(std::string_view key) const { return to_text(at(key)); }
  std::uint64_t number(std::string_view key) const { return to_number(at(key)); }
  OptionalText optional_text(std::string_view key) const {
    return is_nil(key) ? OptionalText{} : text(key);
  }
  OptionalNumber optional_number(std::string_view key) const {
    return is_nil(key) ? OptionalNumber{} : static_cast<std::int64_t>(number(key));
  }

 private:
  bool is_nil(std::string_view key) const {
    const auto found = fields_.find(key);
    return found == fields_.end() || found->second->is_nil();
  }

  std::map<std::string_view, const msgpack::object*> fields_;
};

inline Position to_position(const Fields& from) {
  return {.account = from.text("account"),
          .venue = from.text("venue"),
          .symbol = from.text("symbol"),
          .position_side = from.text("position_side"),
          .side = from.text("side"),
          .size = from.text("size"),
          .entry_price = from.text("entry_price"),
          .break_even_price = from.optional_text("break_even_price"),
          .mark_price = from.optional_text("mark_price"),
          .index_price = from.optional_text("index_price"),
          .unrealized_pnl = from.optional_text("unrealized_pnl"),
          .realized_pnl = from.optional_text("realized_pnl"),
          .notional = from.optional_text("notional"),
          .margin_type = from.optional_text("margin_type"),
          .isolated_wallet = from.optional_text("isolated_wallet"),
          .funding_rate = from.optional_text("funding_rate"),
          .account_reason = from.optional_text("account_reason"),
          .leverage = from.optional_number("leverage"),
          .next_funding_time_us = from.optional_number("next_funding_time_us"),
          .position_time_us = from.optional_number("position_time_us"),
          .mark_time_us = from.optional_number("mark_time_us"),
          .state = from.text("state"),
          .trigger = from.text("trigger")};
}

// Any message of the bus; fields that its type lacks are empty.
struct Message {
  Text type, instance, account, state;
  std::uint64_t epoch = 0, account_seq = 0, part = 0, parts = 0;
  std::optional<std::vector<Position>> positions;
  std::map<Text, std::uint64_t> accounts;
};

inline void read_snapshot(const Fields& from, Message& message) {
  message.part = from.number("part");
  message.parts = from.number("parts");
  const msgpack::object& positions = from.at("positions");
  if (positions.is_nil()) return;
  require(positions.type == msgpack::type::ARRAY);
  message.positions.emplace();
  for (const msgpack::object& position : positions.via.array) {
    message.positions->push_back(to_position(Fields{position}));
    require(message.positions->back().account == message.account);
  }
}

inline void read_heartbeat(const Fields& from, Message& message) {
  const msgpack::object& accounts = from.at("accounts");
  require(accounts.type == msgpack::type::MAP);
  for (const auto& [name, sequence] : accounts.via.map)
    message.accounts.emplace(to_text(name), to_number(sequence));
}

inline Message to_message(std::string_view topic, const msgpack::object& object) {
  const Fields from{object};
  require(from.number("v") == 1);
  Message message;
  message.type = from.text("type");
  message.instance = from.text("instance");
  message.epoch = from.number("epoch");
  const bool is_snapshot = message.type == "position.snapshot";
  require(topic.starts_with(is_snapshot ? "snapshot." : message.type));
  if (message.type == "bridge.shutdown") return message;
  if (message.type == "bridge.heartbeat") {
    read_heartbeat(from, message);
    return message;
  }
  message.account = from.text("account");
  message.state = from.text("state");
  message.account_seq = from.number("account_seq");
  if (is_snapshot) {
    read_snapshot(from, message);
  } else if (message.type == "position.update") {
    message.positions.emplace().push_back(to_position(from));
  } else {
    require(message.type == "account.status");
  }
  return message;
}

inline Message decode(std::string_view topic, std::string_view payload) {
  // No more elements than the bytes can contain.
  const std::size_t limit = payload.size();
  constexpr std::size_t depth = 16;
  try {
    std::size_t end = 0;
    const auto handle =
        msgpack::unpack(payload.data(), payload.size(), end, nullptr, nullptr,
                        msgpack::unpack_limit{limit, limit, limit, limit, limit, depth});
    require(end == payload.size());
    return to_message(topic, handle.get());
  } catch (const msgpack::unpack_error&) {
    throw Garbage{};
  }
}

// A required snapshot: requested by `topic` unless that is empty; the next request is at `due`.
struct Ask {
  Clock::time_point due;
  Text topic;
  int count = 0;
  bool is_answered = false;
  Text account;  // the account of these parts
  std::uint64_t parts = 0;
  std::vector<Position> positions;
};

}  // namespace detail

class Book {
 public:
  using Message = detail::Message;
  using Ask = detail::Ask;

  // `accounts`: empty for all.
  Book(std::set<Text> accounts, Clock::duration heartbeat_interval, Clock::time_point now)
      : followed_{std::move(accounts)},
        scopes_{followed_.empty() ? std::set<Text>{"all"} : followed_},
        silence_{missed_heartbeats * heartbeat_interval},
        silent_at_{now + silence_} {
    for (const char* topic : {"bridge.heartbeat", "bridge.shutdown"})
      subscriptions_.push_back({true, topic});
    if (followed_.empty())
      for (const char* topic : {"position.update.", "account.status."})
        subscriptions_.push_back({true, topic});
    for (const Text& account : followed_) {
      subscriptions_.push_back({true, "position.update." + account + "."});
      subscriptions_.push_back({true, "account.status." + account});
    }
    for (const Text& scope : scopes_) asks_[scope].due = now;
  }

  // The open positions.
  const std::map<Key, Position>& positions() const { return positions_; }
  const std::map<Text, Account>& accounts() const { return accounts_; }
  const Counters& counters() const { return counters_; }

  // For the owner of the socket; each is returned once.
  std::vector<Subscription> take_subscriptions() { return std::exchange(subscriptions_, {}); }

  // Takes a message and returns the changes.
  std::set<Change> receive(std::string_view topic, std::string_view payload,
                           Clock::time_point now) {
    try {
      apply(topic, detail::decode(topic, payload), now);
    } catch (const Garbage&) {
      ++counters_.rejected;
    }
    return std::exchange(changes_, {});
  }

  // Advances the time; call it often, after receiving what has arrived.
  std::set<Change> tick(Clock::time_point now) {
    if (now >= silent_at_) {
      silent_at_ = now + silence_;
      distrust_everything(now);
    }
    for (auto& [scope, ask] : asks_)
      if (now >= ask.due) send(scope, ask, now);
    return std::exchange(changes_, {});
  }

 private:
  using Asks = std::map<Text, Ask>;

  static constexpr int missed_heartbeats = 3;
  // Many subscribers detect a loss together: spread their requests.
  static constexpr std::chrono::milliseconds first_ask_within{100};
  static constexpr std::chrono::milliseconds ask_again_after{1000};  // doubled each time
  static constexpr std::chrono::milliseconds ask_again_after_max{30'000};

  // --- messages --------------------------------------------------------------------------------

  void apply(std::string_view topic, const Message& message, Clock::time_point now) {
    if (message.type != "position.snapshot") {
      end_answers();
    } else if (find_ask(topic) == asks_.end()) {
      return;  // the rest of a withdrawn request's answer
    }
    enter_epoch({message.instance, message.epoch}, now);
    if (message.type == "position.update") on_update(message, now);
    if (message.type == "account.status") on_status(message, now);
    if (message.type == "bridge.heartbeat") on_heartbeat(message, now);
    if (message.type == "position.snapshot") on_snapshot(topic, message);
    if (message.type == "bridge.shutdown") distrust_everything(now);
  }

  void on_update(const Message& message, Clock::time_point now) {
    if (!follow_sequence(message, now)) return;
    put(message.positions->front(), accounts_.at(message.account));
  }

  void on_status(const Message& message, Clock::time_point now) {
    if (!follow_sequence(message, now)) return;
    const Text& name = message.account;
    Account& account = accounts_.at(name);
    account.state = message.state;
    changes_.insert({name});
    if (account.state != "live") {
      mark_stale(name);
    } else if (!account.is_known) {
      distrust(name);
      want(name, now);
    }
  }

  void on_heartbeat(const Message& message, Clock::time_point now) {
    silent_at_ = now + silence_;
    is_silent_ = false;
    for (const auto& [name, sequence] : message.accounts) {
      if (!is_followed(name)) continue;
      Account& account = accounts_[name];
      if (account.sequence && sequence > *account.sequence) lose(name, now);
      account.sequence = std::max(sequence, account.sequence.value_or(0));
      if (!account.is_current) want(name, now);
    }
    for (const auto& [name, account] : accounts_) {
      if (message.accounts.contains(name) || account.state == "stopped") continue;
      distrust(name);
      want(name, now);
    }
  }

  void on_snapshot(std::string_view topic, const Message& message) {
    const auto asked = find_ask(topic);
    // A new epoch may just have ended the requests of the last one.
    if (asked == asks_.end() || !is_followed(message.account)) return;
    Ask& ask = asked->second;
    if (message.part == 1) {
      ask.account = message.account;
      ask.parts = 0;
      ask.positions.clear();
    }
    if (message.account != ask.account || message.part != ask.parts + 1) {
      ask.account.clear();  // a part was lost: request it again
      return;
    }
    ++ask.parts;
    if (message.positions)
      ask.positions.insert(ask.positions.end(), message.positions->begin(),
                           message.positions->end());
    if (message.part < message.parts) return;
    replace(message, ask.positions);
    ask.account.clear();
    ask.is_answered = true;
    if (asked->first != "all") end(asked);
  }

  // Replaces the account by the snapshot.
  void replace(const Message& message, const std::vector<Position>& positions) {
    const Text& name = message.account;
    std::erase_if(positions_, [&](const auto& each) {
      if (each.first.account != name) return false;
      changes_.insert(each.first);
      return true;
    });
    Account& account = accounts_[name];
    account = {.state = message.state,
               .sequence = message.account_seq,
               .is_current = true,
               .is_known = message.positions.has_value()};
    is_silent_ = false;
    for (const Position& position : positions) put(position, account);
    ++counters_.snapshots;
    changes_.insert({name});
  }

  void put(const Position& position, const Account& account) {
    const Key key{position.account, position.symbol, position.position_side};
    if (position.side == "FLAT") {
      positions_.erase(key);
    } else {
      Position& kept = positions_[key] = position;
      if (!account.is_current) kept.state = "stale";
    }
    changes_.insert(key);
  }

  // --- losses -------------------------------------------------------------------------

  bool is_followed(const Text& name) const { return followed_.empty() || followed_.contains(name); }

  void enter_epoch(std::pair<Text, std::uint64_t> epoch, Clock::time_point now) {
    if (epoch == epoch_) return;
    epoch_ = std::move(epoch);
    ++counters_.epochs;
    for (const auto& [key, position] : positions_) changes_.insert(key);
    for (const auto& [name, account] : accounts_) changes_.insert({name});
    positions_.clear();
    accounts_.clear();
    silent_at_ = now + silence_;
    for (auto ask = asks_.begin(); ask != asks_.end();)
      ask = scopes_.contains(ask->first) ? std::next(ask) : end(ask);
    for (const Text& scope : scopes_) {
      const auto ask = asks_.find(scope);
      if (ask == asks_.end() || ask->second.topic.empty()) {
        want(scope, now);
      } else {  // the new bridge received it when we connected
        ask->second.count = 1;
        ask->second.due = now + pause(ask->second);
      }
    }
  }

  // Whether the message is new.
  bool follow_sequence(const Message& message, Clock::time_point now) {
    const Text& name = message.account;
    if (!is_followed(name)) return false;
    Account& account = accounts_[name];
    if (account.sequence) {
      if (message.account_seq <= *account.sequence) return false;
      if (message.account_seq > *account.sequence + 1) lose(name, now);
    }
    account.sequence = message.account_seq;
    return true;
  }

  void lose(const Text& name, Clock::time_point now) {
    ++counters_.gaps;
    distrust(name);
    want(name, now);
  }

  void distrust(const Text& name) {
    accounts_.at(name).is_current = false;
    changes_.insert({name});
    mark_stale(name);
  }

  void distrust_everything(Clock::time_point now) {
    if (!is_silent_) ++counters_.stale;
    is_silent_ = true;
    for (const auto& [name, account] : accounts_) distrust(name);
    for (const Text& scope : scopes_) want(scope, now);
  }

  void mark_stale(const Text& name) {
    for (auto& [key, position] : positions_) {
      if (key.account != name || position.state == "stale") continue;
      position.state = "stale";
      changes_.insert(key);
    }
  }

  // --- requests ----------------------------------------------------------------------------------

  Asks::iterator find_ask(std::string_view topic) {
    return std::find_if(asks_.begin(), asks_.end(),
                        [&](const auto& each) { return each.second.topic == topic; });
  }

  void want(const Text& scope, Clock::time_point now) {
    if (asks_.contains(scope) || asks_.contains("all")) return;
    asks_[scope].due = now + scaled(first_ask_within, uniform());
  }

  void send(const Text& scope, Ask& ask, Clock::time_point now) {
    if (!ask.topic.empty()) subscriptions_.push_back({false, ask.topic});
    ask.topic = "snapshot." + nonce() + "." + scope;
    ask.account.clear();
    ask.is_answered = false;
    ++ask.count;
    ask.due = now + pause(ask);
    subscriptions_.push_back({true, ask.topic});
  }

  Clock::duration pause(const Ask& ask) {
    const auto longest =
        std::min(ask_again_after * (1 << std::min(ask.count - 1, 10)), ask_again_after_max);
    return scaled(longest, 0.5 + 0.5 * uniform());
  }

  // The messages of an answer are consecutive: any other message ends it.
  void end_answers() {
    for (auto ask = asks_.begin(); ask != asks_.end();)
      ask = ask->second.is_answered ? end(ask) : std::next(ask);
  }

  Asks::iterator end(Asks::iterator ask) {
    if (!ask->second.topic.empty()) subscriptions_.push_back({false, ask->second.topic});
    return asks_.erase(ask);
  }

  static Clock::duration scaled(Clock::duration duration, double factor) {
    return std::chrono::duration_cast<Clock::duration>(duration * factor);
  }
  double uniform() { return std::uniform_real_distribution{}(random_); }
  Text nonce() {
    Text digits;
    for (int digit = 0; digit < 32; ++digit) digits += "0123456789abcdef"[random_() % 16];
    return digits;
  }

  std::map<Key, Position> positions_;
  std::map<Text, Account> accounts_;
  Counters counters_;
  std::optional<std::pair<Text, std::uint64_t>> epoch_;  // the instance, the start of its run
  bool is_silent_ = true;
  std::set<Text> followed_;
  std::set<Text> scopes_;
  Clock::duration silence_;
  Clock::time_point silent_at_;
  Asks asks_;
  std::set<Change> changes_;
  std::vector<Subscription> subscriptions_;
  std::random_device random_;
};

}  // namespace position_subscriber
