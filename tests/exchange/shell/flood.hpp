#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/exchange/model/market_feed.hpp"

namespace exchange {

/// Mark prices as fast as a socket takes them: WebSocket frames made beforehand, of which only the
/// event time is written anew each time round.
class Flood {
 public:
  /// Frames of `symbols` in turn, `frames` in all. Prices walk from frame to frame.
  Flood(World& world, const std::vector<SymbolId>& symbols, Framing framing, std::uint64_t frames,
        UnixMs now);

  bool is_over() const { return left_ == 0; }
  std::uint64_t sent() const { return sent_; }
  /// The next stretch of frames, stamped with `now`; valid until the next call.
  std::string_view next(UnixMs now);

 private:
  struct Frame {
    std::size_t stamp_offset;  // of the thirteen digits of `E`
    std::size_t end;
  };

  std::string block_;
  std::vector<Frame> frames_;
  std::uint64_t left_;
  std::uint64_t sent_ = 0;
};

}  // namespace exchange
