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

// What the exchange says, as values. wire/ makes them out of JSON; the core knows no other form.
namespace bridge {

// One element of `P` of an ACCOUNT_UPDATE.
struct PositionChange {
  std::string symbol;
  PositionSide position_side = PositionSide::both;
  Decimal amount;
  Decimal entry_price;
  std::optional<Decimal> break_even_price;
  std::optional<Decimal> realized_pnl;
  std::optional<Decimal> isolated_wallet;  // absent in Portfolio Margin
  std::optional<MarginType> margin_type;   // absent in Portfolio Margin

  friend bool operator==(const PositionChange&, const PositionChange&) = default;
};

// ACCOUNT_UPDATE: the positions that changed, and only those.
struct AccountUpdate {
  WallTime event_time;
  WallTime transaction_time;
  std::string reason;  // `m`: ORDER, FUNDING_FEE, …; an open set
  std::vector<PositionChange> positions;

  friend bool operator==(const AccountUpdate&, const AccountUpdate&) = default;
};

// ACCOUNT_CONFIG_UPDATE about a symbol.
struct LeverageChange {
  WallTime event_time;
  WallTime transaction_time;
  std::string symbol;
  std::uint32_t leverage = 0;

  friend bool operator==(const LeverageChange&, const LeverageChange&) = default;
};

// listenKeyExpired. The key is absent in older and Portfolio Margin forms.
struct ListenKeyExpired {
  WallTime event_time;
  std::optional<Secret> listen_key;
};

// Any other event: counted, and otherwise left alone. An empty name: the message had none.
struct OtherEvent {
  std::string name;
  std::optional<WallTime> event_time;
};

// The answer to a control request (SUBSCRIBE, LIST_SUBSCRIPTIONS, …).
struct ControlReply {
  std::optional<std::uint64_t> id;  // as we sent it; absent when the server lost it
  std::optional<int> error_code;    // absent on success
  std::string error_message;        // may name streams, so never logged for the user stream
  std::optional<std::vector<Secret>>
      streams;  // the answer to LIST_SUBSCRIPTIONS; holds listen keys
};

using UserMessage =
    std::variant<AccountUpdate, LeverageChange, ListenKeyExpired, OtherEvent, ControlReply>;

// `st` of the market streams since June 2026.
enum class SymbolFamily : std::uint8_t { unknown, usd_margined, coin_margined };

// One markPriceUpdate. The symbol is a view into the frame: valid during the call only.
struct MarkPriceTick {
  std::string_view symbol;
  SymbolFamily family = SymbolFamily::unknown;
  WallTime event_time;
  Decimal mark_price;
  std::optional<Decimal> index_price;
  std::optional<Decimal> funding_rate;        // absent on contracts without funding
  std::optional<WallTime> next_funding_time;  // absent when the exchange says 0
};

}  // namespace bridge
