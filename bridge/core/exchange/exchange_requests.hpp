#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/core/exchange/position.hpp"
#include "bridge/core/values/decimal.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/core/values/time.hpp"

// What is asked of the exchange over REST and what it answers, as values. wire/ turns them into
// HTTP and back.
namespace bridge {

enum class Endpoint : std::uint8_t {
  server_time,
  create_listen_key,
  keep_listen_key_alive,
  close_listen_key,
  position_risk,     // v3: positions
  position_risk_v2,  // positions with the settings of their symbols, of all symbols
  account_v2,        // the same, among much else
  account_config,    // the position mode
  position_side_dual,
  symbol_config,  // the settings of the symbols
  premium_index,  // of one symbol
  premium_index_of_all,
};
constexpr int endpoint_count = 12;

// The label of position_bridge_rest_requests_total.
std::string_view to_string(Endpoint endpoint);

// The request weight that the exchange charges against 2,400 a minute for each address.
int request_weight(Endpoint endpoint);

// What is let through first when not everything may be asked at once.
enum class Urgency : std::uint8_t {
  vital,            // listen keys and the exchange's time
  synchronization,  // an account waits for it
  routine,          // comparisons of accounts that are well
};
constexpr int urgency_count = 3;

// A position as positionRisk shows it. Rows without a position are left out by the exchange, or are
// there with amount 0 (open orders).
struct PositionRow {
  std::string symbol;
  PositionSide position_side = PositionSide::both;
  Decimal amount;
  Decimal entry_price;
  std::optional<Decimal> break_even_price;
  std::optional<Decimal> isolated_wallet;
  std::optional<MarginType> margin_type;  // v2 and COIN-M only
  std::optional<std::uint32_t> leverage;  // v2 and COIN-M only
  std::optional<WallTime>
      updated_at;  // last change of the position; absent when the exchange says 0
};

struct PositionRows {
  std::vector<PositionRow> rows;
};

struct AccountConfig {
  PositionMode position_mode = PositionMode::one_way;
};

struct SymbolConfigRow {
  std::string symbol;
  std::optional<MarginType> margin_type;
  std::optional<std::uint32_t> leverage;
};

struct SymbolConfigs {
  std::vector<SymbolConfigRow> rows;
};

struct ListenKeyReply {
  Secret listen_key;
};

struct ListenKeyClosed {};

struct ServerTime {
  WallTime time;
};

struct PremiumIndexRow {
  std::string symbol;
  Decimal mark_price;
  std::optional<Decimal> index_price;
  std::optional<Decimal> funding_rate;
  std::optional<WallTime> next_funding_time;
  WallTime time;
};

struct PremiumIndex {
  std::vector<PremiumIndexRow> rows;
};

// Why a request has no answer. `message` is fit for a log: it holds no secrets.
struct RestFailure {
  enum class Kind : std::uint8_t {
    network,  // no answer: name, connection, TLS, reset
    timeout,  // no answer in time
    refused,  // an answer that says no: http_status, and the exchange's own code where there is one
    malformed,  // an answer that could not be read
  };
  Kind kind = Kind::network;
  int http_status = 0;      // 0: none
  std::optional<int> code;  // Binance's own: -1125, -2015, …
  std::string message;
  std::optional<Duration> retry_after;   // from the header
  std::optional<WallTime> banned_until;  // from the text of -1003
};

using RestReply = std::variant<RestFailure, ServerTime, ListenKeyReply, ListenKeyClosed,
                               PositionRows, AccountConfig, SymbolConfigs, PremiumIndex>;

}  // namespace bridge
