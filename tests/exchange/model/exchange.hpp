#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "tests/exchange/model/connection.hpp"
#include "tests/exchange/model/faults.hpp"
#include "tests/exchange/model/http.hpp"
#include "tests/exchange/model/market_feed.hpp"
#include "tests/exchange/model/orders.hpp"
#include "tests/exchange/model/random_faults.hpp"
#include "tests/exchange/model/scenario.hpp"
#include "tests/exchange/model/user_events.hpp"
#include "tests/exchange/model/world.hpp"

namespace exchange {

enum class EffectKind {
  text,
  ping,
  pong,
  close,  // a close frame with a code
  drop    // the end without a word
};

/// Something that whoever carries the connections has to do. Effects of one connection are carried
/// out in order; after close and drop the exchange has forgotten the connection.
struct Effect {
  ConnectionId connection = 0;
  EffectKind kind = EffectKind::text;
  SharedText payload = {};  // text, ping and pong; of a close its reason
  int close_code = 0;
};

/// The simulated exchange without a network and without a clock. Whoever drives it calls it with
/// the time, carries out the effects, and calls `advance` when the deadline is reached.
/// Time never goes back. One thread.
class Exchange {
 public:
  Exchange(const Scenario& scenario, UnixMs start);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Does everything that is due by `now`, in order. All other calls do this first by themselves.
  void advance(UnixMs now);
  UnixMs next_deadline() const;
  /// What has to be done since this was last called.
  std::vector<Effect> take_effects();

  // From the network.

  /// Whether a new TCP connection gets its TLS handshake; if not, it ends without a word.
  bool accepts_connection(UnixMs now);
  /// The answer, and how much later it leaves.
  HttpResponse request(const HttpRequest& request, UnixMs now);
  /// A WebSocket handshake: the new connection, or the answer that refuses it.
  tl::expected<ConnectionId, HttpResponse> open(std::string_view target, std::string_view address,
                                                UnixMs now);
  void receive_text(ConnectionId id, std::string_view text, UnixMs now);
  void receive_ping(ConnectionId id, std::string_view payload, UnixMs now);
  void receive_pong(ConnectionId id, std::string_view payload, UnixMs now);
  /// The connection is gone; calls about connections that are gone do nothing.
  void closed(ConnectionId id, UnixMs now);

  // From whoever plays the world: accounts that act and things that go wrong. Refused where the
  // exchange would refuse, and where there is no such account or symbol.

  Result<TradeReceipt> trade(std::string_view account, const TradeOrder& order, UnixMs now);
  Result<int> set_leverage(std::string_view account, std::string_view symbol, int leverage,
                           UnixMs now);
  Result<MarginType> set_margin_type(std::string_view account, std::string_view symbol,
                                     MarginType type, UnixMs now);
  Result<PositionMode> set_mode(std::string_view account, PositionMode mode, UnixMs now);
  Result<Amount> deposit(std::string_view account, std::string_view asset, Amount amount,
                         UnixMs now);
  /// Funding for all accounts and symbols now, between its regular times.
  void pay_funding(UnixMs now);
  Result<std::string> add_account(const AccountSetup& setup, UnixMs now);
  void set_trading(bool enabled, UnixMs now);
  void inject(const Fault& fault, UnixMs now);
  /// From now on faults come by chance; a profile without an interval ends that.
  void set_random_faults(const FaultProfile& profile, UnixMs now);
  /// Ends what lasts, and what comes by chance. What has happened to connections stays.
  void clear_faults();

  World& world() { return world_; }
  const std::map<ConnectionId, Connection>& connections() const { return connections_; }

 private:
  struct Delivery {
    Member* member;
    UserEvent event;
  };
  using Action = std::pair<UnixMs, std::size_t>;  // when, which member

  void run_due(UnixMs now);
  void run_faults(UnixMs now);
  void tick(UnixMs now);
  void tick_connection(Connection& connection, std::int64_t last_second, UnixMs now);
  void deliver_due(UnixMs now);
  void depart_due(UnixMs now);
  /// `times`: how often listenKeyExpired comes; 0: once, or twice by the rules' percentage.
  void expire_keys(UnixMs now, int times = 0);
  void check_connections(UnixMs now);
  void act(UnixMs now);
  void settle_funding(UnixMs now);
  void pay_funding_of(Member& member, SymbolId symbol, UnixMs now);
  UnixMs next_tick_at() const;

  Connection* find(ConnectionId id);
  bool count_message(Connection& connection, UnixMs now);
  void ignore_new_events(Connection& connection, std::size_t first, UnixMs now);
  void emit(Connection& connection, EffectKind kind, SharedText payload, UnixMs now);
  /// What a stream sends, as opposed to answers and pings.
  void emit_data(Connection& connection, SharedText payload, UnixMs now);
  void take_effect(const Fault& fault, UnixMs now);
  void cut(const Fault& fault);
  std::vector<ConnectionId> struck_by(const Fault& fault) const;
  void end(ConnectionId id, EffectKind kind, int code, std::string_view reason);
  void forget(ConnectionId id);
  void refresh(const Connection& connection);
  bool matches(const Fault& fault, const Connection& connection) const;
  void for_members(const Fault& fault, const std::function<void(Member&)>& action);

  Result<Member*> member_named(std::string_view name) const;
  Result<SymbolId> symbol_named(std::string_view name) const;
  Amount fill_price(SymbolId symbol, Member& member, UnixMs now);
  Result<TradeReceipt> execute(Member& member, const TradeOrder& order, UnixMs now);
  OrderIdentity next_identity(OrderCause cause, UnixMs now);
  EventContext context_for(Member& member, UnixMs now);
  bool has_listener(const Member& member, UnixMs now) const;
  bool is_wanted(const Member& member, std::string_view event_type, UnixMs now) const;
  void record(Member& member, PositionKey key, std::string_view reason, UnixMs now);
  void tell(Member& member, const FilledOrder& order, OrderCause cause, UnixMs now);
  void publish(Member& member, const AccountChange& change, UnixMs now);
  /// At the time that `context_for` has given to the member's events.
  void send_later(Member& member, UserEvent event);
  /// Past the faults that lose and duplicate events.
  void deliver(const Member& member, const std::string& listen_key, const UserEvent& event,
               UnixMs now);
  void send_to_listeners(const std::string& listen_key, const UserEvent& event, UnixMs now);
  void start_positions(Member& member, const AccountSetup& setup, UnixMs now);

  World world_;
  MarketFeed feed_;
  std::map<ConnectionId, Connection> connections_;
  std::unordered_map<std::string, std::vector<ConnectionId>> connections_by_key_;
  std::multimap<UnixMs, Delivery> deliveries_;
  std::priority_queue<Action, std::vector<Action>, std::greater<>> actions_;
  std::multimap<UnixMs, Effect> departures_;  // frames that a fault holds back
  std::vector<ScheduledFault> schedule_;      // by time
  std::size_t schedule_position_ = 0;
  RandomFaults random_faults_;
  std::vector<Effect> effects_;
  bool trading_enabled_;
  std::size_t mark_price_connections_ = 0;
  std::int64_t ticked_second_;
  UnixMs next_funding_at_;
  UnixMs next_key_check_at_ = never_ms;
  UnixMs next_connection_check_at_ = never_ms;
  ConnectionId last_connection_id_ = 0;
  std::int64_t last_order_number_ = 0;
};

}  // namespace exchange
