#include "bridge/app/mark_driver.hpp"

#include <string>
#include <utility>
#include <vector>

#include "bridge/app/log.hpp"
#include "bridge/app/server_address_of.hpp"
#include "bridge/core/assert.hpp"
#include "bridge/io/clock.hpp"
#include "bridge/wire/control_requests.hpp"

namespace bridge {

MarkDriver::MarkDriver(DriverContext& context, MarkPriceInterval interval, PositionFeed& feed,
                       MarkSession::Settings settings)
    : context_{context}, interval_{interval}, session_{feed, settings} {}

bool MarkDriver::perform_effects() {
  auto effects = session_.effects().take();
  for (Effect& effect : effects) perform_one(effect);
  return !effects.empty();
}

void MarkDriver::perform_one(Effect& effect) {
  if (const auto* open = std::get_if<effect::OpenMarketStream>(&effect)) {
    perform(*open);
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (connection_) connection_->client().ping();
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    connection_.reset();
  } else if (const auto* change = std::get_if<effect::ChangeSubscriptions>(&effect)) {
    perform(*change);
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(line->level, {}, line->text);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the mark price stream");
  }
}

void MarkDriver::perform(const effect::OpenMarketStream& open) {
  const Url& route = context_.environment.market_stream;
  connection_ = std::make_unique<StreamConnection>(*this, open.stream, context_.loop, context_.tls,
                                                   server_address_of(route));
  connection_->client().open(Secret{route.path + std::string{market_stream_target}});
}

void MarkDriver::perform(const effect::ChangeSubscriptions& change) {
  if (!connection_) return;
  std::vector<std::string> streams;
  for (const std::string& symbol : change.symbols)
    streams.push_back(mark_price_stream_name(symbol, interval_));
  const bool adds = change.method == effect::ChangeSubscriptions::Method::subscribe;
  connection_->client().send_text(adds ? subscribe_request(streams, change.id)
                                       : unsubscribe_request(streams, change.id));
}

void MarkDriver::stream_opened(StreamNumber stream) {
  session_.stream_opened(stream, read_clocks());
  context_.settle();
}

void MarkDriver::stream_alive(StreamNumber stream) {
  session_.stream_alive(stream, read_clocks());
}

void MarkDriver::stream_frame(StreamNumber stream, PaddedText frame, Now received) {
  const auto message = parser_.parse(frame);
  if (!message) {
    session_.stream_alive(stream, received);
    note(message.error(), 1, received);
  } else if (const auto* prices = std::get_if<MarkPriceTicks>(&*message)) {
    take_prices(stream, *prices, received);
  } else if (const auto* reply = std::get_if<ControlReply>(&*message)) {
    session_.stream_reply(stream, *reply, received);
  } else if (const auto* event = std::get_if<OtherEvent>(&*message)) {
    session_.stream_event(stream, *event, received);
  }
}

void MarkDriver::take_prices(StreamNumber stream, const MarkPriceTicks& prices, Now received) {
  session_.stream_prices(stream, prices.ticks, received);
  if (prices.first_error) note(*prices.first_error, prices.rows_failed, received);
}

void MarkDriver::note(const ParseError& error, std::size_t count, Now now) {
  parse_errors_.add(count);
  log(context_.repeats, now.monotonic, LogLevel::warn, {},
      "mark price stream: a message could not be read: " + to_string(error));
}

void MarkDriver::stream_turn_ended() {
  context_.settle();
}

void MarkDriver::stream_closed(StreamNumber stream, const StreamEnd& end) {
  session_.stream_closed(stream, end, read_clocks());
  if (connection_ && connection_->stream() == stream) connection_.reset();
  context_.settle();
}

}  // namespace bridge
