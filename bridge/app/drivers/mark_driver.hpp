#pragma once

#include "bridge/app/drivers/driver_context.hpp"
#include "bridge/app/drivers/stream_connections.hpp"
#include "bridge/core/exchange/mark_price_interval.hpp"
#include "bridge/core/sessions/mark_session.hpp"
#include "bridge/wire/exchange/market_stream_parser.hpp"

namespace bridge {

// Performs what the mark price session of an environment wants, and tells it what came of it.
class MarkDriver final : public StreamOwner {
 public:
  MarkDriver(DriverContext& context, MarkPriceInterval interval)
      : context_{context}, interval_{interval} {}

  const Counter& parse_errors() const { return parse_errors_; }

  void perform(const Effect& effect);

  void stream_opened(StreamNumber stream) override;
  void stream_alive(StreamNumber stream) override;
  void stream_frame(StreamNumber stream, PaddedText frame, Now received) override;
  void stream_turn_ended() override;
  void stream_closed(StreamNumber stream, const StreamEnd& end) override;

 private:
  void perform(const effect::OpenMarketStream& open);
  void perform(const effect::ChangeSubscriptions& change);
  void take_prices(StreamNumber stream, const MarkPriceTicks& prices, Now received);
  void note(const ParseError& error, std::size_t count);
  MarkSession& session() { return context_.session.mark(); }

  DriverContext& context_;
  const MarkPriceInterval interval_;
  MarketStreamParser parser_;
  Counter parse_errors_;
  StreamConnections connections_;
};

}  // namespace bridge
