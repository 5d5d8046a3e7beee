#pragma once

#include <deque>

#include "tests/exchange/model/account.hpp"

namespace exchange {

/// What an account's positions were a short while ago, for answers that lag behind the streams.
class PastPositions {
 public:
  /// Nothing older than this can be asked for.
  static constexpr UnixMs memory_ms = minute_ms;

  /// `before` is what the position was until `now`.
  void keep(PositionKey key, const Position& before, UnixMs now);
  /// `account` as it was `age_ms` before `now`: its positions only, not its wallets or settings.
  Account at(const Account& account, UnixMs age_ms, UnixMs now) const;

 private:
  struct Past {
    UnixMs until;
    PositionKey key;
    Position position;
  };

  std::deque<Past> past_;  // in order of time
};

}  // namespace exchange
