#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/exchange/model/connection.hpp"

namespace exchange {

using SharedText = std::shared_ptr<const std::string>;

/// {"e":"markPriceUpdate",…} for one symbol.
void append_mark_price(std::string& out, const SymbolSpec& spec, const MarkPrice& price,
                       UnixMs event_time, UnixMs next_funding);

/// The frames of one tick, each made once however many connections take it.
class MarketFeed {
 public:
  explicit MarketFeed(World& world) : world_(world), symbols_(world.symbols.size()) {}

  /// Begins a tick: frames of the last one are forgotten.
  void begin_tick(UnixMs now);
  /// The frames that a stream sends at this tick: one, or several for all symbols, or none for a
  /// symbol that a fault silences.
  const std::vector<SharedText>& frames(const MarketSubscription& stream, Framing framing);

 private:
  // Raw, in an envelope of the 1 s stream, in an envelope of the 3 s stream.
  using Variants = std::array<std::vector<SharedText>, 3>;

  void make_all_symbols();
  void find_silenced();
  void append_payload(std::string& out, SymbolId symbol);
  bool is_silenced(SymbolId symbol) const;

  World& world_;
  UnixMs now_ = 0;
  UnixMs event_time_ = 0;
  UnixMs next_funding_ = 0;
  std::vector<SymbolId> silenced_;
  std::vector<Variants> symbols_;
  Variants all_symbols_;
  std::vector<std::string> all_payloads_;
  std::vector<SymbolId> made_;
  std::string payload_;  // kept for its memory
};

}  // namespace exchange
