#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/values/padded_text.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/wire/exchange/parse_error.hpp"

namespace bridge {

// The mark prices of one frame, in the order of the frame. Views: valid until the parser's next
// call and as long as the frame is.
struct MarkPriceTicks {
  std::span<const MarkPriceTick> ticks;
  // Elements of an all-market array that could not be read; the others are in `ticks`.
  std::size_t rows_failed = 0;
  std::optional<ParseError> first_error;
};

using MarketMessage = std::variant<MarkPriceTicks, ControlReply, OtherEvent>;

// Reads the frames of a market stream: one markPriceUpdate or a list of them, bare or in the
// envelope
// {"stream":…,"data":…}. One walk over the frame in place; nothing is allocated for a frame once
// the largest one has been seen.
//
// A single update that cannot be read is an error; one in a list is counted, and costs only itself.
class MarketStreamParser {
 public:
  MarketStreamParser();
  ~MarketStreamParser();
  MarketStreamParser(MarketStreamParser&&) noexcept;
  MarketStreamParser& operator=(MarketStreamParser&&) noexcept;

  Result<MarketMessage, ParseError> parse(PaddedText frame);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace bridge
