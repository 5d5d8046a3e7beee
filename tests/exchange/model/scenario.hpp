#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/exchange/model/account.hpp"
#include "tests/exchange/model/faults.hpp"
#include "tests/exchange/model/random_faults.hpp"
#include "tests/exchange/model/rules.hpp"
#include "tests/exchange/model/signature.hpp"

namespace exchange {

struct StartPosition {
  std::string symbol;
  PositionSide side = PositionSide::both;
  Amount signed_quantity;
  std::optional<Amount> entry_price;  // absent: the mark price at the start
  std::optional<int> leverage;
  std::optional<MarginType> margin_type;
};

/// What an account does by itself. Weights say how often each action is chosen against the others.
struct TradingPlan {
  UnixMs mean_interval_ms = 0;  // 0: it does nothing by itself
  int positions_max = 6;
  int open = 3;
  int add = 3;
  int reduce = 3;
  int flip = 1;
  int close = 1;
  std::vector<std::string> symbols;  // empty: all that can be traded
};

struct AccountSetup {
  std::string name;
  std::string api_key;
  Verifier verifier = Verifier::from_secret({});
  PositionMode mode = PositionMode::one_way;
  SymbolSetting setting;
  std::map<std::string, Amount> wallets;
  std::vector<StartPosition> positions;
  TradingPlan trading;
};

/// Everything that an exchange begins with. With the same scenario and the same inputs at the same
/// times it does the same.
struct Scenario {
  std::uint64_t seed = 1;
  std::vector<std::string> symbols;  // empty: all
  int volatility_percent = 100;
  UnixMs funding_interval_ms = 8 * hour_ms;
  Rules rules;
  std::vector<AccountSetup> accounts;
  std::vector<ScheduledFault> faults;
  FaultProfile random_faults;
  bool trading_enabled = true;
  /// How many past changes of each account are kept for the control port; 0 keeps none.
  std::size_t history_length = 0;
};

}  // namespace exchange
