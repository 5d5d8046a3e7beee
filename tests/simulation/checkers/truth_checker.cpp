#include "tests/simulation/checkers/truth_checker.hpp"

#include <algorithm>

#include "tests/simulation/exact.hpp"

namespace simulation {
namespace {

using namespace std::chrono_literals;

// After the interval: the request itself, and a repetition where the first one met a change that
// was younger than what REST is trusted with.
constexpr bridge::Duration reconcile_allowance = 30s;

// Whatever changes is looked at when it does; this finds what never came.
constexpr int sweeps_between_checks = 10;

bool is_same(const std::optional<bridge::MarginType>& ours, exchange::MarginType truth) {
  if (!ours) return false;
  return (*ours == bridge::MarginType::isolated) == (truth == exchange::MarginType::isolated);
}

}  // namespace

void TruthChecker::settled(AccountIndex account) {
  check(account, Excuse::losses);
}

void TruthChecker::sweep() {
  if (++sweeps_ % sweeps_between_checks != 0) return;
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account)
    check(account, Excuse::losses);
}

void TruthChecker::finished() {
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account)
    check(account, Excuse::none);
}

void TruthChecker::check(AccountIndex account, Excuse excuse) {
  if (!is_live(account) || scene().is_paused()) return;
  const Network::Link* const link = scene().network.link_of(account);
  if (link != nullptr && !link->is_quiet()) return;
  const Seen now{scene().truth.changes(account), scene().subscriber.account(account).changes};
  if (right_[account] == now) return;
  bool is_right = true;
  for (const auto& [key, position] : scene().truth.account(account).positions())
    is_right = check_position(account, key, position, excuse) && is_right;
  for (const std::uint32_t topic : scene().subscriber.account(account).topics) {
    const HeldPosition& held = scene().subscriber.positions()[topic];
    if (held.is_open() && !scene().truth.account(account).positions().contains(held.key))
      report(scene().account_name(account) + " " + held.symbol + ": published, and never held");
  }
  if (is_right) right_[account] = now;
}

bool TruthChecker::check_position(AccountIndex account, exchange::PositionKey key,
                                  const exchange::Position& position, Excuse excuse) {
  // It may not have been sent yet.
  if (scene().clock.exchange_ms() <= position.update_time + Truth::event_delay_max_ms) return false;
  static const bridge::Position none;
  const HeldPosition* const held = scene().subscriber.find(account, key);
  const bridge::Position& ours = held == nullptr ? none : held->position;
  if (is_right(account, key, position, ours)) return true;
  const std::string what = difference(account, key, position, ours);
  if (what.empty() || (excuse == Excuse::losses && is_excused(account, key))) return false;
  const std::string_view symbol = scene().exchange.world().symbols[key.symbol].name;
  report(scene().account_name(account) + " " + std::string(symbol) + " " +
         std::string(exchange::position_side_text(key.side)) + " is live and " + what +
         "; it last changed at " + to_text(VirtualClock::instant_of(position.update_time)));
  return false;
}

bool TruthChecker::is_excused(AccountIndex account, exchange::PositionKey key) const {
  const auto lost_at = scene().truth.lost_at(account, key);
  if (!lost_at) return false;
  const Instant since = std::max({*lost_at, scene().truth.requests_failed_until(account),
                                  scene().subscriber.account(account).state_since});
  return scene().clock.elapsed() <=
         since + scene().driver.settings().reconcile_interval + reconcile_allowance;
}

bool TruthChecker::is_right(AccountIndex account, exchange::PositionKey key,
                            const exchange::Position& position,
                            const bridge::Position& ours) const {
  if (!is_equal(ours.amount, position.amount)) return false;
  if (!position.is_open()) return true;
  const exchange::SymbolSetting setting = scene().truth.account(account).setting(key.symbol);
  return is_equal(ours.entry_price, position.entry_price) &&
         (!ours.isolated_wallet || is_equal(*ours.isolated_wallet, position.isolated_wallet)) &&
         (!ours.realized_pnl || is_equal(*ours.realized_pnl, position.realized)) && ours.leverage &&
         static_cast<int>(*ours.leverage) == setting.leverage &&
         is_same(ours.margin_type, setting.margin_type);
}

std::string TruthChecker::difference(AccountIndex account, exchange::PositionKey key,
                                     const exchange::Position& position,
                                     const bridge::Position& ours) const {
  const auto differs = [](std::string_view what, const bridge::Decimal& value,
                          exchange::Amount truth) {
    return "its " + std::string(what) + " is " + value.to_string() + " where the exchange has " +
           truth.text();
  };
  if (!is_equal(ours.amount, position.amount))
    return differs("amount", ours.amount, position.amount);
  if (!position.is_open()) return {};
  if (!is_equal(ours.entry_price, position.entry_price))
    return differs("entry price", ours.entry_price, position.entry_price);
  if (ours.isolated_wallet && !is_equal(*ours.isolated_wallet, position.isolated_wallet))
    return differs("isolated wallet", *ours.isolated_wallet, position.isolated_wallet);
  if (ours.realized_pnl && !is_equal(*ours.realized_pnl, position.realized))
    return differs("realized profit", *ours.realized_pnl, position.realized);

  const exchange::SymbolSetting setting = scene().truth.account(account).setting(key.symbol);
  if ((!ours.leverage || static_cast<int>(*ours.leverage) != setting.leverage) &&
      must_be_known(account, key.symbol, Truth::Setting::leverage))
    return "its leverage is " + (ours.leverage ? std::to_string(*ours.leverage) : "unknown") +
           " where the exchange has " + std::to_string(setting.leverage);
  if (!is_same(ours.margin_type, setting.margin_type) &&
      must_be_known(account, key.symbol, Truth::Setting::margin_type))
    return "its margin type is wrong";
  return {};
}

bool TruthChecker::must_be_known(AccountIndex account, exchange::SymbolId symbol,
                                 Truth::Setting setting) const {
  const Instant changed_at = scene().truth.changed_at(account, symbol, setting);
  const bool may_be_under_way =
      changed_at != Instant::min() &&
      scene().clock.elapsed() <=
          changed_at + std::chrono::milliseconds{Truth::event_delay_max_ms + 1};
  return !may_be_under_way && !scene().truth.is_lost(account, symbol, setting);
}

}  // namespace simulation
