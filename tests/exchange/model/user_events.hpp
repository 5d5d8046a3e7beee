#pragma once

#include <string>

#include "tests/exchange/model/account.hpp"
#include "tests/exchange/model/prices.hpp"

namespace exchange {

/// An event of the user data stream, in the exchange's own key order, without an envelope.
struct UserEvent {
  std::string_view type;  // the name that an events= filter uses
  std::string text = {};
};

/// Numbers that the exchange gives to an order and to its trade.
struct OrderIdentity {
  std::int64_t order_id = 0;
  std::int64_t trade_id = 0;
  std::string client_order_id;
};

/// What events need to know besides what happened.
struct EventContext {
  const SymbolTable& symbols;
  PriceBoard& prices;
  const Account& account;
  UnixMs event_time = 0;  // `E`: when the event leaves; `T` is when it happened
  UnixMs now = 0;         // the true time, which no clock fault touches
};

UserEvent account_update_event(const EventContext& context, const AccountChange& change);
UserEvent leverage_event(const EventContext& context, SymbolId symbol, int leverage, UnixMs time);
UserEvent trade_lite_event(const EventContext& context, const FilledOrder& order,
                           const OrderIdentity& identity);
/// The order being accepted, before its fill.
UserEvent order_new_event(const EventContext& context, const FilledOrder& order,
                          const OrderIdentity& identity);
UserEvent order_filled_event(const EventContext& context, const FilledOrder& order,
                             const OrderIdentity& identity);
/// `E` is a string here: so the exchange sends it since 2023.
UserEvent listen_key_expired_event(std::string_view listen_key, UnixMs event_time);

}  // namespace exchange
