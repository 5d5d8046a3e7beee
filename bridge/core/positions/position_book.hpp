#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/exchange/position.hpp"
#include "bridge/core/values/symbol_table.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What one account holds, by symbol and position side as the exchange names them. The side is never
// derived from the sign: in hedge mode a LONG and a SHORT leg of one symbol stand beside a BOTH row
// of amount 0, and three rows of one symbol are three entries.
//
// An entry, once there, stays (flat when closed) and keeps its address: what is published about it
// goes on counting where it stopped.
class PositionBook {
 public:
  struct Entry {
    SymbolId symbol = 0;
    PositionSide position_side = PositionSide::both;
    Position position;
    // Moves with every change of `position`.
    std::uint32_t revision = 0;
    // Position in entries().
    std::uint32_t index = 0;
  };

  enum class Change : std::uint8_t {
    none,     // nothing that a subscriber would see: flat as before, or told again
    opened,   // was flat
    updated,  // was and is open
    closed,   // was open
    ignored,  // older than what the book has
  };

  struct Outcome {
    Entry* entry = nullptr;
    Change change = Change::none;
  };

  // Applies one row of an ACCOUNT_UPDATE. A row whose transaction time is before the entry's last
  // change is ignored; one of the same millisecond is not: the exchange may change a position twice
  // in one. Of a flat entry, what happened before the last look at positionRisk is ignored too,
  // since that did not show it: a stream that was stalled may bring it long after.
  Outcome apply(SymbolId symbol, const PositionChange& change, WallTime transaction_time);

  // What a comparison with positionRisk found.
  struct Comparison {
    std::vector<Outcome> changed;
    // Entries that differ, but changed so recently that the exchange's REST side may not have seen
    // it, or the stream may still bring it. Look again soon.
    std::size_t undecided = 0;
  };

  // `certain_before`, here and below: a time of the exchange's clock before which everything that
  // happened is certainly in `rows`.

  // Makes the book equal to what positionRisk showed, after a gap in which nothing else was heard.
  Comparison replace_by(SymbolTable& symbols, const PositionRows& rows, WallTime certain_before);

  // Corrects the book of a running account where positionRisk can know better.
  //   * A row is taken when it is not older than the entry's last change, nor so new that the
  //     stream may still be about to say it.
  //   * An open entry without a row is closed when its last change is certain to be in the rows.
  //   * What cannot be decided by that is left as it is and counted.
  Comparison correct_by(SymbolTable& symbols, const PositionRows& rows, WallTime certain_before);

  // Leverage and margin type are settings of a symbol, told apart from the positions.
  struct Settings {
    std::optional<std::uint32_t> leverage;
    std::optional<MarginType> margin_type;
  };

  // Returns the open entries that changed by it.
  std::vector<Entry*> set_leverage(SymbolId symbol, std::uint32_t leverage,
                                   WallTime transaction_time);

  // A symbol whose settings were not what symbolConfig shows.
  struct SettingsCorrection {
    SymbolId symbol = 0;
    Settings before;
    Settings after;
    std::vector<Entry*> open_entries;  // that changed by it
  };
  struct SettingsComparison {
    std::vector<SettingsCorrection> corrections;  // those that an open position shows
    // Symbols whose leverage differs, but was told by the stream so recently that REST may not know
    // it. Look again soon.
    std::size_t undecided = 0;
  };
  // Takes what symbolConfig showed, unless the stream told of it at `certain_before` or later.
  SettingsComparison set_symbol_configs(SymbolTable& symbols, const SymbolConfigs& configs,
                                        WallTime certain_before);

  // Nothing is known to be held any more; not that anything was closed.
  void forget_positions();

  const Entry* find(SymbolId symbol, PositionSide side) const;
  const std::deque<Entry>& entries() const { return entries_; }
  std::deque<Entry>& entries() { return entries_; }
  std::size_t open_count() const { return open_count_; }
  // In hedge mode two legs are two open positions of one symbol.
  std::size_t open_symbol_count() const;

 private:
  struct Key {
    SymbolId symbol;
    PositionSide side;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{key.symbol} * position_side_count +
                                        static_cast<std::uint64_t>(key.side));
    }
  };
  struct SymbolSettings {
    Settings settings;
    // By the stream, last. The margin type comes with every change of a position.
    std::optional<WallTime> leverage_told_at;
    std::optional<WallTime> margin_type_told_at;
  };

  Entry& entry_of(SymbolId symbol, PositionSide side);
  enum class Trust : std::uint8_t { rows_alone, rows_with_care };
  Comparison merge(SymbolTable& symbols, const PositionRows& rows, WallTime certain_before,
                   Trust trust);
  Change replace(Entry& entry, Position next);
  void learn_margin_type(SymbolId symbol, MarginType type, WallTime transaction_time);
  std::vector<Entry*> apply_settings(SymbolId symbol);

  std::deque<Entry> entries_;
  std::unordered_map<Key, Entry*, KeyHash> by_key_;
  std::unordered_map<SymbolId, SymbolSettings> settings_;
  std::size_t open_count_ = 0;
  // Of the last rows: what happened earlier to an entry that is flat since then is overtaken.
  WallTime rows_certain_before_;
};

}  // namespace bridge
