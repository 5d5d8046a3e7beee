#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/exchange/model/rules.hpp"
#include "tests/exchange/model/stream_target.hpp"
#include "tests/exchange/model/world.hpp"

namespace exchange {

using ConnectionId = std::uint64_t;

enum class StreamKind {
  dead,  // acknowledged, listed and never heard: unknown, wrong case, wrong route
  one_symbol,
  all_symbols
};

/// A stream of the market route by its name.
struct MarketSubscription {
  std::string name;
  StreamKind kind = StreamKind::dead;
  SymbolId symbol = 0;
  int interval_s = 3;
};

/// A user stream, valid or not: no key is ever refused.
struct UserSubscription {
  std::string listen_key;
  std::optional<std::vector<std::string>> events = {};  // absent: everything
  Delivery delivery = Delivery::delivers;
  bool named_in_query = false;    // ?listenKey=…: the envelope's stream is <key>@<EVENT>
  std::string listed_name = {};   // when it was not named in the query
  const Member* owner = nullptr;  // whose key it was when it was named; null: nobody's

  bool wants(std::string_view event_type) const;
};

/// One WebSocket, as far as the exchange keeps track of it: what it is subscribed to, and how its
/// client behaves.
class Connection {
 public:
  Connection(ConnectionId id, const StreamTarget& target, std::string address, const World& world,
             UnixMs now);

  ConnectionId id() const { return id_; }
  Route route() const { return route_; }
  Framing framing() const { return framing_; }
  const std::string& address() const { return address_; }
  UnixMs opened_at() const { return opened_at_; }
  const std::vector<MarketSubscription>& market_streams() const { return market_; }
  const std::vector<UserSubscription>& user_streams() const { return users_; }
  /// Whether any stream of it can ever deliver a mark price.
  bool takes_mark_prices() const;
  bool belongs_to(std::string_view account) const;

  std::size_t stream_count() const { return market_.size() + users_.size(); }
  void subscribe(std::string_view name, const World& world, UnixMs now);
  void unsubscribe(std::string_view name);
  std::vector<std::string> list_subscriptions() const;
  void set_framing(Framing framing) { framing_ = framing; }

  /// Counts one incoming message; how many there were within the last second, this one included.
  int count_message(UnixMs now);

  /// A fault: from now on nothing leaves this connection.
  void silence() { silenced_ = true; }
  bool is_silenced() const { return silenced_; }
  /// A fault: from now on no data leaves this connection, while everything else goes on.
  void mute() { muted_ = true; }
  bool is_muted() const { return muted_; }
  /// A fault: the user streams from the `first` on are acknowledged and deliver nothing.
  void ignore_events(std::size_t first);
  /// When a frame leaves that would leave at `at` if it did not have to keep behind all others.
  UnixMs take_turn(UnixMs at) { return last_departure_at_ = std::max(last_departure_at_, at); }

  /// Server pings: their payload must come back.
  std::string start_ping(UnixMs now);
  void receive_pong(std::string_view payload);
  bool pong_overdue(UnixMs now) const { return now >= pong_due_at_; }
  bool ping_due(UnixMs now) const { return now >= next_ping_at_; }
  bool too_old(UnixMs now) const { return now >= closes_at_; }
  /// When the exchange next has to do something about this connection by itself.
  UnixMs deadline() const;

 private:
  void add_user(UserSubscription subscription, const World& world, UnixMs now);
  bool has(std::string_view name) const;

  ConnectionId id_;
  Route route_;
  Framing framing_;
  std::string address_;
  UnixMs opened_at_;
  UnixMs closes_at_;
  UnixMs ping_interval_ms_;
  UnixMs pong_timeout_ms_;
  UnixMs next_ping_at_;
  UnixMs pong_due_at_ = never_ms;
  std::string ping_payload_;
  bool silenced_ = false;
  bool muted_ = false;
  UnixMs last_departure_at_ = 0;
  std::vector<MarketSubscription> market_;
  std::vector<UserSubscription> users_;
  std::vector<UnixMs> recent_messages_;  // within the last second
};

}  // namespace exchange
