#include "tests/exchange/shell/flood.hpp"

#include <algorithm>

#include "tests/exchange/shell/websocket_frames.hpp"

namespace exchange {
namespace {

constexpr std::size_t frames_per_block = 1'000;
constexpr std::string_view stamp_key = "\"E\":";

std::string frame_text(World& world, SymbolId symbol, Framing framing, UnixMs now, int round) {
  const SymbolSpec& spec = world.symbols[symbol];
  MarkPrice price = world.prices.at(symbol, now);
  // Steps of a tick up and down, so that no two frames in a row are the same.
  price.mark += Amount::from_units(tick_of(spec).units() * (round % 7 - 3));
  std::string payload;
  append_mark_price(payload, spec, price, now, world.next_funding(now));
  if (framing == Framing::raw) return payload;
  return "{\"stream\":\"" + ascii_lower(spec.name) + "@markPrice@1s\",\"data\":" + payload + "}";
}

}  // namespace

Flood::Flood(World& world, const std::vector<SymbolId>& symbols, Framing framing,
             std::uint64_t frames, UnixMs now)
    : left_(symbols.empty() ? 0 : frames) {
  for (std::size_t index = 0; left_ > 0 && index < frames_per_block; ++index) {
    const SymbolId symbol = symbols[index % symbols.size()];
    const auto round = static_cast<int>(index / symbols.size());
    const std::string text = frame_text(world, symbol, framing, now, round);
    const std::size_t begin = block_.size();
    append_frame(block_, Opcode::text, text);
    frames_.push_back(
        {.stamp_offset = block_.find(stamp_key, begin) + stamp_key.size(), .end = block_.size()});
  }
}

std::string_view Flood::next(UnixMs now) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, frames_.size()));
  const std::string stamp = std::to_string(now);
  for (std::size_t index = 0; index < count; ++index) {
    std::copy(stamp.begin(), stamp.end(),
              block_.begin() + static_cast<std::ptrdiff_t>(frames_[index].stamp_offset));
  }
  left_ -= count;
  sent_ += count;
  return std::string_view(block_).substr(0, frames_[count - 1].end);
}

}  // namespace exchange
