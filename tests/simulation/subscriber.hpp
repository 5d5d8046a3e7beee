#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/core/positions/publications.hpp"
#include "tests/exchange/model/position.hpp"
#include "tests/exchange/model/symbols.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

/// What a subscriber knows of one position: the last message about it.
struct HeldPosition {
  AccountIndex account = 0;
  exchange::PositionKey key;
  std::string symbol;
  bridge::Position position;
  bridge::PositionState state = bridge::PositionState::stale;
  std::uint64_t seq = 0;
  std::uint32_t revision = 0;     // of `position`
  std::size_t place_in_open = 0;  // among the open topics, while it is open
  // Meaningful while it is live without a price: since when that is so.
  Instant unpriced_since{};
  std::optional<bridge::WallTime> mark_time;  // on the exchange's clock

  bool is_open() const { return position.is_open(); }
};

struct HeldAccount {
  std::optional<bridge::AccountState> state;  // nothing before the first account.status
  bool user_connected = false;
  bool mark_connected = false;
  Instant state_since{};
  std::uint64_t account_seq = 0;
  std::uint64_t changes = 0;  // of its positions, prices apart
  int open = 0;               // positions
  int open_and_live = 0;
  std::vector<std::uint32_t> topics;        // all that were ever heard of
  std::vector<std::uint32_t> topic_of_key;  // by number_of(key); no_topic: never heard of

  bool is_live() const { return state == bridge::AccountState::live; }
};

/// The world as a subscriber sees it who has read every message. Checkers judge this, and not what
/// the bridge thinks.
class Subscriber {
 public:
  Subscriber(const exchange::SymbolTable& symbols, std::size_t accounts);

  void take(const bridge::PositionUpdate& update, AccountIndex account, Instant now);
  void take(const bridge::AccountStatus& status, AccountIndex account, Instant now);

  const HeldAccount& account(AccountIndex index) const { return accounts_[index]; }
  std::size_t account_count() const { return accounts_.size(); }
  /// By topic number; topics that nothing was published of yet are there with seq 0.
  const std::vector<HeldPosition>& positions() const { return positions_; }
  /// The topics of the positions that are open, in no order.
  const std::vector<std::uint32_t>& open_topics() const { return open_topics_; }
  /// Null when nothing was ever published of it.
  const HeldPosition* find(AccountIndex account, exchange::PositionKey key) const;

 private:
  static constexpr std::uint32_t no_topic = UINT32_MAX;
  static std::size_t number_of(exchange::PositionKey key) {
    return key.symbol * std::size_t{3} + static_cast<std::size_t>(key.side);
  }
  void note_open(std::uint32_t topic, HeldPosition& held, bool is_open);

  const exchange::SymbolTable& symbols_;
  std::vector<HeldAccount> accounts_;
  std::vector<HeldPosition> positions_;
  std::vector<std::uint32_t> open_topics_;
};

/// The exchange's word for a position side of the bridge.
exchange::PositionSide to_exchange(bridge::PositionSide side);

}  // namespace simulation
