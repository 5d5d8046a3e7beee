#include "tests/exchange/model/account.hpp"

#include <algorithm>

namespace exchange {

Account::Account(const SymbolTable& symbols, PositionMode mode, SymbolSetting default_setting)
    : symbols_(symbols), mode_(mode), default_setting_(default_setting) {}

SymbolSetting Account::setting(SymbolId symbol) const {
  const auto found = settings_.find(symbol);
  return found == settings_.end() ? default_setting_ : found->second;
}

const Position& Account::position(PositionKey key) const {
  static const Position none;
  const auto found = positions_.find(key);
  return found == positions_.end() ? none : found->second;
}

int Account::open_count() const {
  return static_cast<int>(std::count_if(positions_.begin(), positions_.end(),
                                        [](const auto& entry) { return entry.second.is_open(); }));
}

bool Account::holds(SymbolId symbol) const {
  return std::any_of(positions_.begin(), positions_.end(), [symbol](const auto& entry) {
    return entry.first.symbol == symbol && entry.second.is_open();
  });
}

Amount Account::cross_wallet(std::string_view asset) const {
  const auto found = wallets_.find(asset);
  Amount cross = found == wallets_.end() ? Amount() : found->second;
  for (const auto& [key, position] : positions_) {
    if (symbols_[key.symbol].margin_asset == asset) cross -= position.isolated_wallet;
  }
  return cross;
}

BalanceRow Account::balance_row(std::string_view asset, Amount change) const {
  const auto found = wallets_.find(asset);
  const Amount wallet = found == wallets_.end() ? Amount() : found->second;
  return {.asset = std::string(asset),
          .wallet = wallet,
          .cross_wallet = cross_wallet(asset),
          .change = change};
}

// The exchange pushes the symbol's BOTH row always, the leg that changed, and the symbol's isolated
// legs that were ever used (user data streams, "Event: Balance and Position Update").
std::vector<PositionKey> Account::pushed_rows(PositionKey changed) const {
  const SymbolId symbol = changed.symbol;
  const bool isolated = setting(symbol).margin_type == MarginType::isolated;
  std::vector<PositionKey> rows = {{symbol, PositionSide::both}};
  for (const PositionSide leg : {PositionSide::long_leg, PositionSide::short_leg}) {
    const PositionKey key{symbol, leg};
    if (key == changed || (isolated && positions_.contains(key))) rows.push_back(key);
  }
  return rows;
}

Result<bool> Account::check_fill(PositionKey key, Amount signed_quantity, Amount price) const {
  const SymbolSpec& spec = symbols_[key.symbol];
  if (spec.market != Market::usdm) return refuse(-1121, "Invalid symbol.");
  if ((key.side == PositionSide::both) != (mode_ == PositionMode::one_way)) {
    return refuse(-4061, "Order's position side does not match user's setting.");
  }
  if (signed_quantity.is_zero()) {
    return refuse(-4003, "Quantity less than or equal to zero.");
  }
  if (signed_quantity.truncated_to(step_of(spec)) != signed_quantity) {
    return refuse(-1111, "Precision is over the maximum defined for this asset.");
  }
  if (price.sign() <= 0) return refuse(-4001, "Price less than 0.");
  if (key.side == PositionSide::both) return true;
  const int leg_sign = key.side == PositionSide::long_leg ? 1 : -1;
  if ((position(key).amount + signed_quantity).sign() == -leg_sign) {
    return refuse(-2022, "ReduceOnly Order is rejected.");
  }
  return true;
}

Result<FilledOrder> Account::fill(PositionKey key, Amount signed_quantity, Amount price, UnixMs now,
                                  std::string_view reason) {
  if (const Result<bool> check = check_fill(key, signed_quantity, price); !check) {
    return tl::unexpected(check.error());
  }
  const SymbolSpec& spec = symbols_[key.symbol];
  const SymbolSetting settings = setting(key.symbol);
  Position& position = positions_[key];
  FilledOrder filled{.key = key, .signed_quantity = signed_quantity, .price = price};
  filled.fee = taker_fee(signed_quantity * price);
  filled.outcome = apply_fill(position, signed_quantity, price);
  if (settings.margin_type == MarginType::isolated) {
    position.isolated_wallet += filled.outcome.opened * price / Amount::whole(settings.leverage);
  }
  position.update_time = now;
  Amount& wallet = wallets_[std::string(spec.margin_asset)];
  wallet += filled.outcome.realized - filled.fee;
  filled.change.time = now;
  filled.change.reason = reason;
  filled.change.balances.push_back(balance_row(spec.margin_asset, Amount()));
  filled.change.rows = pushed_rows(key);
  return filled;
}

std::optional<AccountChange> Account::fund(SymbolId symbol, Amount mark, Amount rate, UnixMs now) {
  if (!holds(symbol)) return std::nullopt;
  const std::string_view asset = symbols_[symbol].margin_asset;
  const bool isolated = setting(symbol).margin_type == MarginType::isolated;
  AccountChange change{.time = now, .reason = "FUNDING_FEE", .funding_symbol = symbol};
  Amount total;
  for (auto& [key, position] : positions_) {
    if (key.symbol != symbol || !position.is_open()) continue;
    // Longs pay shorts while the rate is positive.
    const Amount received = -(position.amount * mark * rate);
    total += received;
    if (!isolated) continue;
    position.isolated_wallet += received;
    position.update_time = now;
    change.rows.push_back(key);
  }
  wallets_[std::string(asset)] += total;
  change.balances.push_back(balance_row(asset, total));
  return change;
}

AccountChange Account::deposit(std::string_view asset, Amount amount, UnixMs now) {
  wallets_[std::string(asset)] += amount;
  return {.time = now,
          .reason = amount.sign() < 0 ? "WITHDRAW" : "DEPOSIT",
          .balances = {balance_row(asset, amount)}};
}

Result<AccountChange> Account::set_margin_type(SymbolId symbol, MarginType type, UnixMs now) {
  if (setting(symbol).margin_type == type) return refuse(-4046, "No need to change margin type.");
  if (holds(symbol)) {
    return refuse(-4048, "Margin type cannot be changed if there exists position.");
  }
  SymbolSetting changed = setting(symbol);
  changed.margin_type = type;
  settings_[symbol] = changed;
  return AccountChange{.time = now,
                       .reason = "MARGIN_TYPE_CHANGE",
                       .rows = pushed_rows({symbol, PositionSide::both})};
}

Result<int> Account::set_leverage(SymbolId symbol, int leverage) {
  if (leverage < 1 || leverage > 125) {
    return refuse(-4028, "Leverage " + std::to_string(leverage) + " is not valid.");
  }
  SymbolSetting changed = setting(symbol);
  changed.leverage = leverage;
  settings_[symbol] = changed;
  return leverage;
}

Result<PositionMode> Account::set_mode(PositionMode mode) {
  if (mode == mode_) return refuse(-4059, "No need to change position side.");
  if (open_count() > 0) {
    return refuse(-4068, "Position side cannot be changed if there exists position.");
  }
  mode_ = mode;
  return mode;
}

}  // namespace exchange
