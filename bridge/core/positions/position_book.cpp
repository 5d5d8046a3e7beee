#include "bridge/core/positions/position_book.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

constexpr std::array all_position_sides{PositionSide::both, PositionSide::long_side,
                                        PositionSide::short_side};

bool differ(const std::optional<Decimal>& a, const std::optional<Decimal>& b) {
  return a && b && *a != *b;
}

// Whether a row of positionRisk and an entry tell of different positions. The break-even price is
// left out: REST prints it with binary tails ("2490.8759520000003") that the stream does not have.
bool differ(const Position& position, const PositionRow& row) {
  if (position.amount != row.amount) return true;
  if (row.amount.is_zero()) return false;
  return position.entry_price != row.entry_price ||
         differ(position.isolated_wallet, row.isolated_wallet);
}

// But for the time, which says when it became so.
bool is_same(const Position& a, const Position& b) {
  return a.amount == b.amount && a.entry_price == b.entry_price &&
         a.break_even_price == b.break_even_price && a.realized_pnl == b.realized_pnl &&
         a.isolated_wallet == b.isolated_wallet && a.margin_type == b.margin_type;
}

template <class T>
bool is_kept(const std::optional<T>& before, const std::optional<T>& after) {
  return !before || before == after;
}

// A snapshot does not know all that the stream tells: the first row after it may only add to it.
bool only_adds_to(const Position& known, const Position& next) {
  return next.amount == known.amount && next.entry_price == known.entry_price &&
         is_kept(known.break_even_price, next.break_even_price) &&
         is_kept(known.realized_pnl, next.realized_pnl) &&
         is_kept(known.isolated_wallet, next.isolated_wallet) &&
         is_kept(known.margin_type, next.margin_type);
}

bool is_before(const std::optional<WallTime>& time, WallTime limit) {
  return !time || *time < limit;
}

// Whether the row tells of a change that we have not heard of.
bool is_later(const PositionRow& row, const Position& position) {
  return position.is_open() && row.updated_at && position.changed_at &&
         *row.updated_at > *position.changed_at;
}

// Whether a row that differs from a running account's position may be older than it, or so new that
// the stream is about to say it.
bool is_doubtful(const PositionRow& row, const Position& position, WallTime certain_before) {
  if (!is_before(row.updated_at, certain_before)) return true;
  if (!position.changed_at) return false;
  return row.updated_at ? *row.updated_at < *position.changed_at
                        : *position.changed_at >= certain_before;
}

template <class T>
void take_if_known(std::optional<T>& to, const std::optional<T>& from) {
  if (from) to = from;
}

// What a row makes of a position. The realized profit is told by the stream alone, and the stream
// has missed something.
Position told_by(const PositionRow& row, const Position& position) {
  Position next = position;
  next.amount = row.amount;
  next.entry_price = row.entry_price;
  next.break_even_price = row.break_even_price;
  next.realized_pnl.reset();
  take_if_known(next.isolated_wallet, row.isolated_wallet);
  take_if_known(next.margin_type, row.margin_type);
  take_if_known(next.leverage, row.leverage);
  take_if_known(next.changed_at, row.updated_at);
  return next;
}

Position closed(const Position& position) {
  Position next = position;
  next.amount = Decimal{};
  next.entry_price = Decimal{};
  next.break_even_price.reset();
  next.realized_pnl.reset();
  return next;
}

}  // namespace

PositionBook::Outcome PositionBook::apply(SymbolId symbol, const PositionChange& change,
                                          WallTime transaction_time) {
  Entry& entry = entry_of(symbol, change.position_side);
  const bool is_older = entry.position.changed_at && transaction_time < *entry.position.changed_at;
  const bool is_overtaken = !entry.position.is_open() && transaction_time < rows_certain_before_;
  if (is_older || is_overtaken) return {&entry, Change::ignored};
  if (change.margin_type) learn_margin_type(symbol, *change.margin_type, transaction_time);

  Position next = entry.position;
  next.amount = change.amount;
  next.entry_price = change.entry_price;
  take_if_known(next.break_even_price, change.break_even_price);
  take_if_known(next.realized_pnl, change.realized_pnl);
  take_if_known(next.isolated_wallet, change.isolated_wallet);
  take_if_known(next.margin_type, change.margin_type);
  // The exchange also repeats legs that did not change beside one that did.
  if (is_same(next, entry.position)) return {&entry, Change::none};
  if (!only_adds_to(entry.position, next)) next.changed_at = transaction_time;
  return {&entry, replace(entry, std::move(next))};
}

PositionBook::Comparison PositionBook::replace_by(SymbolTable& symbols, const PositionRows& rows,
                                                  WallTime certain_before) {
  return merge(symbols, rows, certain_before, Trust::rows_alone);
}

PositionBook::Comparison PositionBook::correct_by(SymbolTable& symbols, const PositionRows& rows,
                                                  WallTime certain_before) {
  return merge(symbols, rows, certain_before, Trust::rows_with_care);
}

PositionBook::Comparison PositionBook::merge(SymbolTable& symbols, const PositionRows& rows,
                                             WallTime certain_before, Trust trust) {
  const bool with_care = trust == Trust::rows_with_care;
  rows_certain_before_ = std::max(rows_certain_before_, certain_before);
  Comparison comparison;
  std::vector<bool> has_row(entries_.size());
  for (const PositionRow& row : rows.rows) {
    Entry& entry = entry_of(symbols.intern(row.symbol), row.position_side);
    has_row.resize(entries_.size());
    has_row[entry.index] = true;
    // After a gap, a later change that led back to the same position is one all the same.
    const bool changed_unheard = !with_care && is_later(row, entry.position);
    if (!differ(entry.position, row) && !changed_unheard) continue;
    if (with_care && is_doubtful(row, entry.position, certain_before)) {
      ++comparison.undecided;
      continue;
    }
    comparison.changed.push_back({&entry, replace(entry, told_by(row, entry.position))});
  }
  for (Entry& entry : entries_) {
    if (has_row[entry.index] || !entry.position.is_open()) continue;
    if (with_care && !is_before(entry.position.changed_at, certain_before)) {
      ++comparison.undecided;
      continue;
    }
    comparison.changed.push_back({&entry, replace(entry, closed(entry.position))});
  }
  return comparison;
}

std::vector<PositionBook::Entry*> PositionBook::set_leverage(SymbolId symbol,
                                                             std::uint32_t leverage,
                                                             WallTime transaction_time) {
  SymbolSettings& known = settings_[symbol];
  known.settings.leverage = leverage;
  known.leverage_told_at = transaction_time;
  return apply_settings(symbol);
}

PositionBook::SettingsComparison PositionBook::set_symbol_configs(SymbolTable& symbols,
                                                                  const SymbolConfigs& configs,
                                                                  WallTime certain_before) {
  SettingsComparison comparison;
  for (const SymbolConfigRow& row : configs.rows) {
    const SymbolId symbol = symbols.intern(row.symbol);
    SymbolSettings& known = settings_[symbol];
    const Settings before = known.settings;
    if (is_before(known.leverage_told_at, certain_before)) {
      take_if_known(known.settings.leverage, row.leverage);
    } else if (row.leverage && row.leverage != known.settings.leverage) {
      ++comparison.undecided;
    }
    if (is_before(known.margin_type_told_at, certain_before))
      take_if_known(known.settings.margin_type, row.margin_type);
    auto changed = apply_settings(symbol);
    if (!changed.empty())
      comparison.corrections.push_back({symbol, before, known.settings, std::move(changed)});
  }
  return comparison;
}

void PositionBook::forget_positions() {
  for (Entry& entry : entries_) {
    if (entry.position.is_open()) replace(entry, closed(entry.position));
    entry.position.changed_at.reset();
  }
  rows_certain_before_ = {};
}

const PositionBook::Entry* PositionBook::find(SymbolId symbol, PositionSide side) const {
  const auto found = by_key_.find({symbol, side});
  return found == by_key_.end() ? nullptr : found->second;
}

std::size_t PositionBook::open_symbol_count() const {
  std::unordered_set<SymbolId> symbols;
  for (const Entry& entry : entries_) {
    if (entry.position.is_open()) symbols.insert(entry.symbol);
  }
  return symbols.size();
}

PositionBook::Entry& PositionBook::entry_of(SymbolId symbol, PositionSide side) {
  const auto [place, is_new] = by_key_.try_emplace({symbol, side}, nullptr);
  if (!is_new) return *place->second;
  Entry& entry = entries_.emplace_back();
  entry.symbol = symbol;
  entry.position_side = side;
  entry.index = static_cast<std::uint32_t>(entries_.size() - 1);
  if (const auto found = settings_.find(symbol); found != settings_.end()) {
    entry.position.leverage = found->second.settings.leverage;
    entry.position.margin_type = found->second.settings.margin_type;
  }
  place->second = &entry;
  return entry;
}

// It is one for all sides of the symbol. Those that are open are told of by rows of their own.
void PositionBook::learn_margin_type(SymbolId symbol, MarginType type, WallTime transaction_time) {
  SymbolSettings& known = settings_[symbol];
  known.margin_type_told_at = transaction_time;
  if (std::exchange(known.settings.margin_type, type) == type) return;
  for (const PositionSide side : all_position_sides) {
    const auto found = by_key_.find({symbol, side});
    if (found != by_key_.end() && !found->second->position.is_open())
      found->second->position.margin_type = type;
  }
}

PositionBook::Change PositionBook::replace(Entry& entry, Position next) {
  const bool was_open = entry.position.is_open();
  entry.position = std::move(next);
  ++entry.revision;
  const bool is_open = entry.position.is_open();
  if (is_open && !was_open) {
    ++open_count_;
    return Change::opened;
  }
  if (was_open && !is_open) {
    BRIDGE_ASSERT(open_count_ > 0);
    --open_count_;
    return Change::closed;
  }
  return is_open ? Change::updated : Change::none;
}

std::vector<PositionBook::Entry*> PositionBook::apply_settings(SymbolId symbol) {
  const Settings& settings = settings_[symbol].settings;
  std::vector<Entry*> changed;
  for (const PositionSide side : all_position_sides) {
    const auto found = by_key_.find({symbol, side});
    if (found == by_key_.end()) continue;
    Position& position = found->second->position;
    if (position.leverage == settings.leverage && position.margin_type == settings.margin_type)
      continue;
    position.leverage = settings.leverage;
    position.margin_type = settings.margin_type;
    ++found->second->revision;
    if (position.is_open()) changed.push_back(found->second);
  }
  return changed;
}

}  // namespace bridge
