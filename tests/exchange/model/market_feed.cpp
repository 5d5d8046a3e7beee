#include "tests/exchange/model/market_feed.hpp"

#include <algorithm>

#include "tests/exchange/model/json_writer.hpp"

namespace exchange {
namespace {

std::size_t variant_of(const MarketSubscription& stream, Framing framing) {
  if (framing == Framing::raw) return 0;
  return stream.interval_s == 1 ? 1 : 2;
}

SharedText in_envelope(const std::string& payload, const MarketSubscription& stream,
                       Framing framing) {
  if (framing == Framing::raw) return std::make_shared<const std::string>(payload);
  auto text = std::make_shared<std::string>();
  text->reserve(payload.size() + stream.name.size() + 24);
  JsonWriter(*text)
      .begin_object()
      .field("stream", stream.name)
      .key("data")
      .raw(payload)
      .end_object();
  return text;
}

}  // namespace

void append_mark_price(std::string& out, const SymbolSpec& spec, const MarkPrice& price,
                       UnixMs event_time, UnixMs next_funding) {
  constexpr int places = Amount::decimals;
  const bool dated = is_dated(spec.type);
  const bool coinm = spec.market == Market::coinm;
  JsonWriter json(out);
  json.begin_object()
      .field("e", "markPriceUpdate")
      .field("E", event_time)
      .field("s", spec.name)
      .fixed("p", price.mark, places);
  // COIN-M rows come without the moving average, and their dated contracts without a rate.
  if (!coinm) json.fixed("ap", price.mark, places);
  json.fixed("P", price.estimated_settle, places).fixed("i", price.index, places);
  if (coinm && dated) {
    json.field("r", "");
  } else {
    json.fixed("r", price.funding_rate, places);
  }
  json.field("T", dated ? 0 : next_funding).field("st", coinm ? 2 : 1).end_object();
}

void MarketFeed::begin_tick(UnixMs now) {
  now_ = now;
  event_time_ = world_.clock(now);
  next_funding_ = world_.next_funding(now);
  find_silenced();
  for (const SymbolId symbol : made_) {
    for (auto& frames : symbols_[symbol]) frames.clear();
  }
  made_.clear();
  for (auto& frames : all_symbols_) frames.clear();
  all_payloads_.clear();
}

void MarketFeed::find_silenced() {
  silenced_.clear();
  if (world_.faults.empty()) return;
  for (std::size_t index = 0; index < world_.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    if (world_.faults.silences_symbol(world_.symbols[id].name, now_)) silenced_.push_back(id);
  }
}

bool MarketFeed::is_silenced(SymbolId symbol) const {
  return std::find(silenced_.begin(), silenced_.end(), symbol) != silenced_.end();
}

void MarketFeed::append_payload(std::string& out, SymbolId symbol) {
  append_mark_price(out, world_.symbols[symbol], world_.prices.at(symbol, now_), event_time_,
                    next_funding_);
}

// COIN-M rows are mixed among the others, and TradFi symbols come in a message of their own.
void MarketFeed::make_all_symbols() {
  std::string mixed = "[";
  std::string tradfi = "[";
  for (std::size_t index = 0; index < world_.symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    if (is_silenced(id)) continue;
    const bool apart = world_.symbols[id].type == ContractType::tradfi_perpetual;
    std::string& array = apart ? tradfi : mixed;
    if (array.size() > 1) array.push_back(',');
    append_payload(array, id);
  }
  all_payloads_.push_back(mixed + "]");
  if (tradfi.size() > 1) all_payloads_.push_back(tradfi + "]");
}

const std::vector<SharedText>& MarketFeed::frames(const MarketSubscription& stream,
                                                  Framing framing) {
  const std::size_t variant = variant_of(stream, framing);
  if (stream.kind == StreamKind::all_symbols) {
    std::vector<SharedText>& frames = all_symbols_[variant];
    if (!frames.empty()) return frames;
    if (all_payloads_.empty()) make_all_symbols();
    for (const std::string& text : all_payloads_) {
      frames.push_back(in_envelope(text, stream, framing));
    }
    return frames;
  }
  std::vector<SharedText>& frames = symbols_[stream.symbol][variant];
  if (frames.empty()) {
    if (is_silenced(stream.symbol)) return frames;
    made_.push_back(stream.symbol);
    payload_.clear();
    append_payload(payload_, stream.symbol);
    frames.push_back(in_envelope(payload_, stream, framing));
  }
  return frames;
}

}  // namespace exchange
