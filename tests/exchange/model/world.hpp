#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/exchange/model/account.hpp"
#include "tests/exchange/model/faults.hpp"
#include "tests/exchange/model/listen_key.hpp"
#include "tests/exchange/model/past_positions.hpp"
#include "tests/exchange/model/prices.hpp"
#include "tests/exchange/model/request_weight.hpp"
#include "tests/exchange/model/rules.hpp"
#include "tests/exchange/model/scenario.hpp"
#include "tests/exchange/model/signature.hpp"
#include "tests/exchange/model/statistics.hpp"

namespace exchange {

/// One change of a position, kept for those who compare histories.
struct HistoryEntry {
  std::uint64_t number = 0;  // counts the account's changes from 1
  UnixMs time = 0;
  std::string_view reason;
  PositionKey key;
  Position position;  // after the change
};

/// An account with everything that belongs to it.
struct Member {
  std::string name;
  std::string api_key;
  Verifier verifier;
  TradingPlan trading;
  Account account;
  ListenKey listen_key;
  Random random;
  UnixMs last_event_at = 0;  // events of one account leave in order
  std::uint64_t changes = 0;
  std::deque<HistoryEntry> history = {};
  PastPositions past = {};
};

/// What the parts of the exchange share. It has no behaviour of its own.
struct World {
  explicit World(const Scenario& scenario, UnixMs start);

  /// Null when there is none of that name.
  Member* find_member(std::string_view name) const;
  Member* find_by_api_key(std::string_view api_key) const;
  Member& add(Member member);
  UnixMs next_funding(UnixMs now) const {
    return (now / funding_interval_ms + 1) * funding_interval_ms;
  }
  /// What the exchange's own clock shows: it stamps everything and checks timestamps.
  UnixMs clock(UnixMs now) { return now + faults.clock_offset(now); }

  std::uint64_t seed;
  UnixMs started;
  Rules rules;
  UnixMs funding_interval_ms;
  std::size_t history_length;
  SymbolTable symbols;
  PriceBoard prices;
  std::vector<std::unique_ptr<Member>> members;
  RequestWeight weight;
  FaultPlan faults;
  Statistics statistics;
  std::uint64_t changes = 0;  // of all members together

 private:
  std::unordered_map<std::string_view, Member*> by_api_key_;  // every request looks here
};

}  // namespace exchange
