#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/position.hpp"
#include "bridge/core/values/decimal.hpp"
#include "bridge/core/values/time.hpp"

// What the bridge tells its subscribers, as values. wire/ turns them into msgpack. The keys and
// their meaning are described for subscribers in schemas/.
namespace bridge {

enum class Venue : std::uint8_t { binance_usdm, binance_coinm, binance_pm_um, binance_pm_cm };
constexpr int venue_count = 4;

// Whether the size and the mark price of a position can be trusted now.
enum class PositionState : std::uint8_t { live, stale };
constexpr int position_state_count = 2;

enum class AccountState : std::uint8_t { connecting, syncing, live, stale, failed, stopped };
constexpr int account_state_count = 6;

// What made the bridge publish a position.
enum class Trigger : std::uint8_t {
  snapshot,
  account_update,
  mark_price,
  reconcile,
  config,
  state
};
constexpr int trigger_count = 6;

// What shows that an account's user stream delivers; each is better than the one before.
enum class StreamEvidence : std::uint8_t {
  connected,  // nothing but the connection: the account is compared every few seconds
  listed,     // the exchange lists the account's events on it
  event,      // an event has come on this connection
};
constexpr int stream_evidence_count = 3;

std::string_view to_string(Venue venue);
std::string_view to_string(StreamEvidence evidence);
std::string_view to_string(PositionState state);
std::string_view to_string(AccountState state);
std::string_view to_string(Trigger trigger);

struct AccountIdentity {
  std::string name;
  Venue venue = Venue::binance_usdm;
};

// The latest mark price of a symbol.
struct MarkPrice {
  Decimal mark_price;
  std::optional<Decimal> index_price;
  std::optional<Decimal> funding_rate;
  std::optional<WallTime> next_funding_time;
  WallTime event_time;
};

// One position.update, but for published_us, which is known only when it is handed to the socket.
// References are valid during the call.
struct PositionUpdate {
  // A dense number that stands for (account, symbol, position side) as long as the process runs,
  // and a count that moves whenever something in `position` changed: an encoder that has seen both
  // may reuse what it made of `account`, `symbol`, `position_side` and `position`.
  std::uint32_t topic = 0;
  std::uint32_t revision = 0;

  const AccountIdentity& account;
  std::string_view symbol;
  PositionSide position_side;
  const Position& position;
  const MarkPrice* mark_price = nullptr;  // null while none is known
  std::optional<Decimal> unrealized_pnl;
  std::optional<Decimal> notional;
  PositionState state = PositionState::stale;
  Trigger trigger = Trigger::snapshot;
  std::string_view account_reason;  // empty: none
  WallTime received;                // when the bridge read what triggered this
  std::uint64_t account_seq = 0;
  std::uint64_t seq = 0;
};

struct AccountStatus {
  const AccountIdentity& account;
  AccountState state = AccountState::connecting;
  bool running = false;
  bool user_connected = false;
  bool mark_connected = false;
  std::uint32_t active_positions = 0;
  std::uint32_t subscribed_symbols = 0;  // of this account; a symbol counts once, whatever its legs
  std::string_view detail;
  WallTime since;  // when `state` began
  StreamEvidence evidence = StreamEvidence::connected;
  std::optional<WallTime> confirmed;  // when REST last showed the same positions
  std::uint64_t account_seq = 0;

  bool connected() const { return user_connected && mark_connected; }
};

// Where the core's messages go. Called in the order of publication; must not call back.
class Publications {
 public:
  virtual void publish(const PositionUpdate& update) = 0;
  virtual void publish(const AccountStatus& status) = 0;

 protected:
  ~Publications() = default;
};

}  // namespace bridge
