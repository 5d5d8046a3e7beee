#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/flat_map.hpp>

#include "tests/exchange/model/position.hpp"
#include "tests/exchange/model/result.hpp"
#include "tests/exchange/model/symbols.hpp"

namespace exchange {

enum class PositionMode { one_way, hedge };

struct SymbolSetting {
  int leverage = 20;
  MarginType margin_type = MarginType::cross;
};

struct BalanceRow {
  std::string asset;
  Amount wallet;
  Amount cross_wallet;
  Amount change;  // without profit and fees
};

/// What an ACCOUNT_UPDATE has to say: only what changed, by the exchange's push rules.
struct AccountChange {
  UnixMs time = 0;
  std::string_view reason = {};
  std::vector<BalanceRow> balances = {};
  std::vector<PositionKey> rows = {};
  std::optional<SymbolId> funding_symbol = {};
};

/// A fill that was accepted: what the order did and what the account's owner is told.
struct FilledOrder {
  PositionKey key;
  Amount signed_quantity;
  Amount price;
  Amount fee = {};
  FillOutcome outcome = {};
  AccountChange change = {};
};

/// In the order of their keys; a pointer into it is good until another position is added.
using Positions = boost::container::flat_map<PositionKey, Position>;

/// One account's wallets, positions and settings. All operations take the exchange's time and
/// change nothing when they refuse.
class Account {
 public:
  Account(const SymbolTable& symbols, PositionMode mode, SymbolSetting default_setting);

  PositionMode mode() const { return mode_; }
  const Positions& positions() const { return positions_; }
  const std::map<std::string, Amount, std::less<>>& wallets() const { return wallets_; }
  SymbolSetting setting(SymbolId symbol) const;
  /// The position, or an empty one.
  const Position& position(PositionKey key) const;
  /// Number of positions that are open.
  int open_count() const;
  bool holds(SymbolId symbol) const;
  /// The wallet without what isolated positions hold.
  Amount cross_wallet(std::string_view asset) const;

  Result<FilledOrder> fill(PositionKey key, Amount signed_quantity, Amount price, UnixMs now,
                           std::string_view reason = "ORDER");

  /// Pays or receives funding on all positions of `symbol`; nothing when there are none.
  std::optional<AccountChange> fund(SymbolId symbol, Amount mark, Amount rate, UnixMs now);

  AccountChange deposit(std::string_view asset, Amount amount, UnixMs now);
  Result<AccountChange> set_margin_type(SymbolId symbol, MarginType type, UnixMs now);
  Result<int> set_leverage(SymbolId symbol, int leverage);
  Result<PositionMode> set_mode(PositionMode mode);

  /// Makes a position what it was before.
  void put_back(PositionKey key, const Position& position) { positions_[key] = position; }

 private:
  Result<bool> check_fill(PositionKey key, Amount signed_quantity, Amount price) const;
  BalanceRow balance_row(std::string_view asset, Amount change) const;
  std::vector<PositionKey> pushed_rows(PositionKey changed) const;

  const SymbolTable& symbols_;
  PositionMode mode_;
  SymbolSetting default_setting_;
  boost::container::flat_map<SymbolId, SymbolSetting> settings_;
  Positions positions_;
  std::map<std::string, Amount, std::less<>> wallets_;
};

}  // namespace exchange
