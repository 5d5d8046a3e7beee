#include "tests/exchange/model/past_positions.hpp"

namespace exchange {

void PastPositions::keep(PositionKey key, const Position& before, UnixMs now) {
  while (!past_.empty() && past_.front().until + memory_ms < now) past_.pop_front();
  past_.push_back({.until = now, .key = key, .position = before});
}

Account PastPositions::at(const Account& account, UnixMs age_ms, UnixMs now) const {
  Account older = account;
  for (auto past = past_.rbegin(); past != past_.rend(); ++past) {
    if (past->until <= now - age_ms) break;
    older.put_back(past->key, past->position);
  }
  return older;
}

}  // namespace exchange
