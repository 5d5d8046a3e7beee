#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/exchange/model/query.hpp"
#include "tests/exchange/model/result.hpp"
#include "tests/exchange/model/world.hpp"

namespace exchange {

enum class Security {
  none,
  user_stream,    // an API key, no signature
  signed_request  // an API key, a timestamp and a signature
};

/// A request that has passed every check.
struct Call {
  World& world;
  Member* member;          // null where no key is asked for
  const Account* account;  // the member's, or as it was a while ago; null where no key is asked for
  const std::vector<Parameter>& parameters;
  UnixMs now;

  /// The symbol that was asked for: none, one that is listed, or a refusal.
  Result<std::optional<SymbolId>> symbol() const;
  /// What the exchange's clock shows.
  UnixMs clock() const { return world.clock(now); }
};

struct Endpoint {
  std::string_view method;
  std::string_view path;
  int weight;
  int weight_without_symbol;
  Security security;
  Result<std::string> (*answer)(const Call& call);
};

/// Null when there is no such endpoint.
const Endpoint* find_endpoint(std::string_view method, std::string_view path);

// The answers, by what they tell about.
Result<std::string> create_listen_key(const Call& call);
Result<std::string> keep_listen_key(const Call& call);
Result<std::string> remove_listen_key(const Call& call);

Result<std::string> ping(const Call& call);
Result<std::string> server_time(const Call& call);
Result<std::string> exchange_info(const Call& call);
Result<std::string> premium_index(const Call& call);

Result<std::string> position_risk_v3(const Call& call);
Result<std::string> position_risk_v2(const Call& call);

Result<std::string> account_config(const Call& call);
Result<std::string> symbol_config(const Call& call);
Result<std::string> position_mode(const Call& call);
Result<std::string> account_v3(const Call& call);
Result<std::string> account_v2(const Call& call);
Result<std::string> balances(const Call& call);
Result<std::string> leverage_brackets(const Call& call);

}  // namespace exchange
