#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/positions/publications.hpp"
#include "bridge/wire/bus/bus_identity.hpp"

namespace bridge {

// Makes position.update messages. Between two mark prices most of such a message stays the same, so
// those parts are kept as bytes for each topic, and only the rest is encoded anew. Nothing is
// allocated for a position that did not change since its last message.
//
// `PositionUpdate::topic` must be dense: there is a place for every number below the largest one.
class PositionUpdateEncoder {
 public:
  explicit PositionUpdateEncoder(BusIdentity identity);

  // Valid until a call with another update.
  std::string_view topic(const PositionUpdate& update);

  // No message for `update` is longer.
  std::size_t size_max(const PositionUpdate& update);

  // Writes the message to the beginning of `out`, which has room for size_max(update), and returns
  // its size.
  std::size_t encode(const PositionUpdate& update, WallTime published, std::span<char> out);

  // The same into memory of the encoder: valid until a call with another update.
  std::string_view encode(const PositionUpdate& update, WallTime published);

  const BusIdentity& identity() const { return identity_; }

 private:
  // The bytes of one topic that stay as long as the position does not change. Each part ends with
  // the key of the value that follows it.
  struct Kept {
    bool is_filled = false;
    std::uint32_t revision = 0;
    std::string account;
    Venue venue = Venue::binance_usdm;
    std::string symbol;
    PositionSide position_side = PositionSide::both;

    std::string topic;
    std::string until_mark_price;    // v … break_even_price
    std::string until_notional;      // realized_pnl
    std::string until_funding_rate;  // margin_type … leverage
    std::string until_mark_time;     // position_time_us

    bool is_for(const PositionUpdate& update) const;
    std::size_t size() const;
  };

  const Kept& kept_for(const PositionUpdate& update);
  void fill(Kept& kept, const PositionUpdate& update) const;
  std::size_t write(const Kept& kept, const PositionUpdate& update, WallTime published,
                    char* out) const;

  BusIdentity identity_;
  std::vector<Kept> kept_;
  std::vector<char> buffer_;
};

}  // namespace bridge
