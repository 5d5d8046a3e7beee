#include "bridge/app/drivers/mark_driver.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/app/drivers/server_address_of.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/exchange/control_requests.hpp"

namespace bridge {

void MarkDriver::perform(const Effect& effect) {
  if (const auto* open = std::get_if<effect::OpenMarketStream>(&effect)) {
    perform(*open);
  } else if (const auto* ping = std::get_if<effect::Ping>(&effect)) {
    if (auto* client = connections_.find(ping->stream)) client->ping();
  } else if (const auto* close = std::get_if<effect::CloseStream>(&effect)) {
    connections_.remove(close->stream);
  } else if (const auto* change = std::get_if<effect::ChangeSubscriptions>(&effect)) {
    perform(*change);
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    context_.say({}, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the mark price stream");
  }
}

void MarkDriver::perform(const effect::OpenMarketStream& open) {
  const Url& route = context_.environment.market_stream;
  auto& connection = connections_.add(std::make_unique<StreamConnection>(
      *this, open.stream, context_.loop, context_.tls, server_address_of(route)));
  connection.client().open(Secret{route.path + std::string{market_stream_target}});
}

void MarkDriver::perform(const effect::ChangeSubscriptions& change) {
  auto* const client = connections_.find(change.stream);
  if (client == nullptr) return;
  const auto streams = mark_price_stream_names(change, interval_);
  const bool adds = change.method == effect::ChangeSubscriptions::Method::subscribe;
  client->send_text(adds ? subscribe_request(streams, change.id)
                         : unsubscribe_request(streams, change.id));
}

void MarkDriver::stream_opened(StreamNumber stream) {
  session().stream_opened(stream, read_clocks());
  context_.settle();
}

void MarkDriver::stream_alive(StreamNumber stream) {
  session().stream_alive(stream, read_clocks());
}

void MarkDriver::stream_frame(StreamNumber stream, PaddedText frame, Now received) {
  const auto message = parser_.parse(frame);
  if (!message) {
    session().stream_alive(stream, received);
    note(message.error(), 1);
  } else if (const auto* prices = std::get_if<MarkPriceTicks>(&*message)) {
    take_prices(stream, *prices, received);
  } else if (const auto* reply = std::get_if<ControlReply>(&*message)) {
    session().stream_reply(stream, *reply, received);
  } else if (const auto* event = std::get_if<OtherEvent>(&*message)) {
    session().stream_event(stream, *event, received);
  }
}

void MarkDriver::take_prices(StreamNumber stream, const MarkPriceTicks& prices, Now received) {
  session().stream_prices(stream, prices.ticks, received);
  if (prices.first_error) note(*prices.first_error, prices.rows_failed);
}

void MarkDriver::note(const ParseError& error, std::size_t count) {
  parse_errors_.add(count);
  context_.say(
      {}, {LogLevel::warn, "mark price stream: a message could not be read: " + to_string(error)});
}

void MarkDriver::stream_turn_ended() {
  context_.settle();
}

void MarkDriver::stream_closed(StreamNumber stream, const StreamEnd& end) {
  session().stream_closed(stream, end, read_clocks());
  connections_.remove(stream);
  context_.settle();
}

}  // namespace bridge
