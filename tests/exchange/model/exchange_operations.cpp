// What accounts do and what goes wrong: everything that changes the world from inside.

#include <algorithm>

#include "tests/exchange/model/exchange.hpp"
#include "tests/exchange/model/trader.hpp"

namespace exchange {
namespace {

constexpr std::int64_t first_order_id = 8'389'766'049'000'000'000;
constexpr std::int64_t first_trade_id = 5'612'520'000;

std::string_view client_order_prefix(OrderCause cause) {
  switch (cause) {
    case OrderCause::user: return "simulated_";
    case OrderCause::liquidation: return "autoclose-";
    case OrderCause::auto_deleveraging: return "adl_autoclose";
  }
  return "";
}

}  // namespace

Result<Member*> Exchange::member_named(std::string_view name) const {
  if (Member* const member = world_.find_member(name)) return member;
  return refuse(-2015, "There is no account named '" + std::string(name) + "'.");
}

Result<SymbolId> Exchange::symbol_named(std::string_view name) const {
  if (const std::optional<SymbolId> symbol = world_.symbols.find(name)) return *symbol;
  return refuse(-1121, "Invalid symbol.");
}

EventContext Exchange::context_for(Member& member, UnixMs now) {
  const auto spread = static_cast<std::uint64_t>(world_.rules.event_delay_max_ms) + 1;
  const auto delay = static_cast<UnixMs>(member.random.below(spread));
  member.last_event_at = std::max(member.last_event_at, now + delay);
  return {.symbols = world_.symbols,
          .prices = world_.prices,
          .account = member.account,
          .event_time = world_.clock(member.last_event_at),
          .now = now};
}

void Exchange::record(Member& member, PositionKey key, std::string_view reason, UnixMs now) {
  ++member.changes;
  ++world_.changes;
  if (world_.history_length == 0) return;
  member.history.push_back({.number = member.changes,
                            .time = now,
                            .reason = reason,
                            .key = key,
                            .position = member.account.position(key)});
  if (member.history.size() > world_.history_length) member.history.pop_front();
}

void Exchange::publish(Member& member, const AccountChange& change, UnixMs now) {
  if (!has_listener(member, now)) return;
  const EventContext context = context_for(member, now);
  send_later(member, account_update_event(context, change));
}

OrderIdentity Exchange::next_identity(OrderCause cause, UnixMs now) {
  const std::int64_t number = ++last_order_number_;
  return {.order_id = first_order_id + number,
          .trade_id = first_trade_id + number,
          .client_order_id = std::string(client_order_prefix(cause)) + std::to_string(now) +
                             std::to_string(number % 1000)};
}

// The light event first, then the order being accepted, the account, and the order being filled.
void Exchange::tell(Member& member, const FilledOrder& order, OrderCause cause, UnixMs now) {
  if (!has_listener(member, now)) return;
  const OrderIdentity identity = next_identity(cause, now);
  const EventContext context = context_for(member, now);
  const bool wants_orders = is_wanted(member, "ORDER_TRADE_UPDATE", now);
  if (is_wanted(member, "TRADE_LITE", now)) {
    send_later(member, trade_lite_event(context, order, identity));
  }
  if (wants_orders) send_later(member, order_new_event(context, order, identity));
  send_later(member, account_update_event(context, order.change));
  if (wants_orders) send_later(member, order_filled_event(context, order, identity));
}

Amount Exchange::fill_price(SymbolId symbol, Member& member, UnixMs now) {
  const Amount tick = tick_of(world_.symbols[symbol]);
  const Amount slip = Amount::from_units(tick.units() * member.random.between(-2, 2));
  const Amount price = world_.prices.at(symbol, now).mark.truncated_to(tick) + slip;
  return std::max(price, tick);
}

Result<TradeReceipt> Exchange::trade(std::string_view account, const TradeOrder& order,
                                     UnixMs now) {
  advance(now);
  const Result<Member*> member = member_named(account);
  if (!member) return tl::unexpected(member.error());
  return execute(**member, order, now);
}

Result<TradeReceipt> Exchange::execute(Member& member, const TradeOrder& order, UnixMs now) {
  const Result<SymbolId> symbol = symbol_named(order.symbol);
  if (!symbol) return tl::unexpected(symbol.error());
  if (order.quantity.sign() <= 0) return refuse(-4003, "Quantity less than or equal to zero.");
  const PositionKey key{*symbol, order.position_side};
  const Amount signed_quantity = order.side == OrderSide::buy ? order.quantity : -order.quantity;
  const Amount price = order.price ? *order.price : fill_price(*symbol, member, now);
  const Position before = member.account.position(key);
  const UnixMs stamp = world_.clock(now);
  const Result<FilledOrder> filled = member.account.fill(key, signed_quantity, price, stamp);
  if (!filled) return tl::unexpected(filled.error());
  member.past.keep(key, before, now);
  record(member, key, filled->change.reason, now);
  tell(member, *filled, order.cause, now);
  return TradeReceipt{
      .time = stamp, .key = key, .price = price, .position = member.account.position(key)};
}

Result<int> Exchange::set_leverage(std::string_view account, std::string_view symbol_name,
                                   int leverage, UnixMs now) {
  advance(now);
  const Result<Member*> member = member_named(account);
  if (!member) return tl::unexpected(member.error());
  const Result<SymbolId> symbol = symbol_named(symbol_name);
  if (!symbol) return tl::unexpected(symbol.error());
  const Result<int> changed = (*member)->account.set_leverage(*symbol, leverage);
  if (changed && has_listener(**member, now)) {
    const EventContext context = context_for(**member, now);
    send_later(**member, leverage_event(context, *symbol, leverage, world_.clock(now)));
  }
  return changed;
}

Result<MarginType> Exchange::set_margin_type(std::string_view account, std::string_view symbol_name,
                                             MarginType type, UnixMs now) {
  advance(now);
  const Result<Member*> member = member_named(account);
  if (!member) return tl::unexpected(member.error());
  const Result<SymbolId> symbol = symbol_named(symbol_name);
  if (!symbol) return tl::unexpected(symbol.error());
  const Result<AccountChange> change =
      (*member)->account.set_margin_type(*symbol, type, world_.clock(now));
  if (!change) return tl::unexpected(change.error());
  publish(**member, *change, now);
  return type;
}

// The exchange tells nobody about this one.
Result<PositionMode> Exchange::set_mode(std::string_view account, PositionMode mode, UnixMs now) {
  advance(now);
  const Result<Member*> member = member_named(account);
  if (!member) return tl::unexpected(member.error());
  return (*member)->account.set_mode(mode);
}

Result<Amount> Exchange::deposit(std::string_view account, std::string_view asset, Amount amount,
                                 UnixMs now) {
  advance(now);
  const Result<Member*> member = member_named(account);
  if (!member) return tl::unexpected(member.error());
  const AccountChange change = (*member)->account.deposit(asset, amount, world_.clock(now));
  publish(**member, change, now);
  return change.balances.front().wallet;
}

void Exchange::pay_funding(UnixMs now) {
  advance(now);
  settle_funding(now);
}

void Exchange::pay_funding_of(Member& member, SymbolId symbol, UnixMs now) {
  const MarkPrice& price = world_.prices.at(symbol, now);
  Account& account = member.account;
  // Only isolated positions change by it, and they are few.
  for (const auto& [key, position] : account.positions()) {
    if (key.symbol == symbol) member.past.keep(key, position, now);
  }
  const auto change = account.fund(symbol, price.mark, price.funding_rate, world_.clock(now));
  if (!change) return;
  for (const PositionKey& key : change->rows) record(member, key, change->reason, now);
  publish(member, *change, now);
}

void Exchange::settle_funding(UnixMs now) {
  for (const auto& member : world_.members) {
    for (std::size_t index = 0; index < world_.symbols.size(); ++index) {
      const auto symbol = static_cast<SymbolId>(index);
      if (is_dated(world_.symbols[symbol].type)) continue;
      if (!member->account.holds(symbol)) continue;
      pay_funding_of(*member, symbol, now);
    }
  }
}

Result<std::string> Exchange::add_account(const AccountSetup& setup, UnixMs now) {
  if (world_.find_member(setup.name) != nullptr ||
      world_.find_by_api_key(setup.api_key) != nullptr) {
    return refuse(-2015, "There is an account with this name or API key already.");
  }
  const std::uint64_t seed = seed_for(world_.seed, setup.name);
  Member& member = world_.add({.name = setup.name,
                               .api_key = setup.api_key,
                               .verifier = setup.verifier,
                               .trading = setup.trading,
                               .account = Account(world_.symbols, setup.mode, setup.setting),
                               .listen_key = ListenKey(seed + 1, world_.rules.listen_key_life_ms),
                               .random = Random(seed)});
  for (const auto& [asset, amount] : setup.wallets) member.account.deposit(asset, amount, now);
  start_positions(member, setup, now);
  if (setup.trading.mean_interval_ms > 0) {
    actions_.emplace(next_action_at(member, now), world_.members.size() - 1);
  }
  return setup.name;
}

void Exchange::start_positions(Member& member, const AccountSetup& setup, UnixMs now) {
  for (const StartPosition& start : setup.positions) {
    const std::optional<SymbolId> symbol = world_.symbols.find(start.symbol);
    if (!symbol) continue;
    if (start.leverage) member.account.set_leverage(*symbol, *start.leverage);
    if (start.margin_type) member.account.set_margin_type(*symbol, *start.margin_type, now);
    const Amount price = start.entry_price ? *start.entry_price : fill_price(*symbol, member, now);
    const PositionKey key{*symbol, start.side};
    if (member.account.fill(key, start.signed_quantity, price, now)) {
      record(member, key, "ORDER", now);
    }
  }
}

void Exchange::set_trading(bool enabled, UnixMs now) {
  advance(now);
  if (enabled == trading_enabled_) return;
  trading_enabled_ = enabled;
  // What was due while trading stood still is not made up for.
  decltype(actions_) fresh;
  for (; !actions_.empty(); actions_.pop()) {
    const std::size_t index = actions_.top().second;
    fresh.emplace(next_action_at(*world_.members[index], now), index);
  }
  actions_ = std::move(fresh);
}

}  // namespace exchange
