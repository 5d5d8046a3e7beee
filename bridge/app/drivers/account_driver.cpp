#include "bridge/app/drivers/account_driver.hpp"

#include <memory>
#include <utility>

#include "bridge/app/drivers/server_address_of.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/exchange/control_requests.hpp"

namespace bridge {

AccountDriver::AccountDriver(DriverContext& context, std::string name, Credentials credentials,
                             PositionFeed::AccountNumber number, Counter& parse_errors)
    : context_{context},
      name_{std::move(name)},
      credentials_{std::move(credentials)},
      number_{number},
      parse_errors_{parse_errors} {}

void AccountDriver::perform(const Effect& effect) {
  if (const auto* open = std::get_if<effect::OpenUserStream>(&effect)) {
    perform(*open);
  } else if (const auto* ping = std::get_if<effect::Ping>(&effect)) {
    if (auto* client = connections_.find(ping->stream)) client->ping();
  } else if (const auto* close = std::get_if<effect::CloseStream>(&effect)) {
    connections_.remove(close->stream);
  } else if (const auto* subscribe = std::get_if<effect::SubscribeUserStream>(&effect)) {
    if (auto* client = connections_.find(subscribe->stream))
      client->send_text(
          user_stream_subscribe_request(subscribe->listen_key, subscribe->id).reveal());
  } else if (const auto* list = std::get_if<effect::ListSubscriptions>(&effect)) {
    if (auto* client = connections_.find(list->stream))
      client->send_text(list_subscriptions_request(list->id));
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    context_.say(name_, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of an account's streams");
  }
}

void AccountDriver::perform(const effect::OpenUserStream& open) {
  const Url& route = context_.environment.user_stream;
  auto& connection = connections_.add(std::make_unique<StreamConnection>(
      *this, open.stream, context_.loop, context_.tls, server_address_of(route)));
  const Secret target = user_stream_target(open.form, open.listen_key);
  connection.client().open(Secret{route.path + std::string{target.reveal()}});
}

void AccountDriver::stream_opened(StreamNumber stream) {
  session().stream_opened(stream, read_clocks());
  context_.settle();
}

void AccountDriver::stream_alive(StreamNumber stream) {
  session().stream_alive(stream, read_clocks());
}

void AccountDriver::stream_frame(StreamNumber stream, PaddedText frame, Now received) {
  auto message = parser_.parse(frame);
  if (message) {
    session().stream_message(stream, std::move(*message), received);
    return;
  }
  session().stream_alive(stream, received);
  parse_errors_.add();
  context_.say(name_, {LogLevel::warn,
                       "user stream: a message could not be read: " + to_string(message.error())});
}

void AccountDriver::stream_turn_ended() {
  context_.settle();
}

void AccountDriver::stream_closed(StreamNumber stream, const StreamEnd& end) {
  session().stream_closed(stream, end, read_clocks());
  connections_.remove(stream);
  context_.settle();
}

}  // namespace bridge
