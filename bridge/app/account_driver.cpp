#include "bridge/app/account_driver.hpp"

#include <utility>

#include "bridge/app/log.hpp"
#include "bridge/app/server_address_of.hpp"
#include "bridge/core/assert.hpp"
#include "bridge/io/clock.hpp"
#include "bridge/wire/control_requests.hpp"

namespace bridge {

AccountDriver::AccountDriver(DriverContext& context, std::string name, Credentials credentials,
                             PositionFeed& feed, PositionFeed::AccountNumber number,
                             const ExchangeClock& clock, AccountSession::Settings settings,
                             Counter& parse_errors)
    : context_{context},
      name_{std::move(name)},
      credentials_{std::move(credentials)},
      session_{feed, number, clock, settings},
      parse_errors_{parse_errors} {}

bool AccountDriver::perform_effects() {
  auto effects = session_.effects().take();
  for (Effect& effect : effects) perform_one(effect);
  return !effects.empty();
}

void AccountDriver::perform_one(Effect& effect) {
  if (const auto* open = std::get_if<effect::OpenUserStream>(&effect)) {
    perform(*open);
  } else if (std::holds_alternative<effect::Ping>(effect)) {
    if (connection_) connection_->client().ping();
  } else if (std::holds_alternative<effect::CloseStream>(effect)) {
    connection_.reset();
  } else if (const auto* request = std::get_if<effect::Request>(&effect)) {
    perform(*request);
  } else if (std::holds_alternative<effect::SynchronizeClock>(effect)) {
    context_.synchronize_clock();
  } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
    log(line->level, name_, line->text);
  } else {
    BRIDGE_UNREACHABLE("not an effect of an account");
  }
}

void AccountDriver::perform(const effect::OpenUserStream& open) {
  const Url& route = context_.environment.user_stream;
  connection_ = std::make_unique<StreamConnection>(*this, open.stream, context_.loop, context_.tls,
                                                   server_address_of(route));
  const Secret target = user_stream_target(open.listen_key);
  connection_->client().open(Secret{route.path + std::string{target.reveal()}});
}

void AccountDriver::perform(const effect::Request& request) {
  context_.rest.request(request.endpoint, &credentials_,
                        [this, number = request.request](RestReply reply) {
                          session_.answer(number, std::move(reply), read_clocks());
                          context_.settle();
                        });
}

void AccountDriver::stream_opened(StreamNumber stream) {
  session_.stream_opened(stream, read_clocks());
  context_.settle();
}

void AccountDriver::stream_alive(StreamNumber stream) {
  session_.stream_alive(stream, read_clocks());
}

void AccountDriver::stream_frame(StreamNumber stream, PaddedText frame, Now received) {
  auto message = parser_.parse(frame);
  if (message) {
    session_.stream_message(stream, std::move(*message), received);
    return;
  }
  session_.stream_alive(stream, received);
  parse_errors_.add();
  log(context_.repeats, received.monotonic, LogLevel::warn, name_,
      "user stream: a message could not be read: " + to_string(message.error()));
}

void AccountDriver::stream_turn_ended() {
  context_.settle();
}

void AccountDriver::stream_closed(StreamNumber stream, const StreamEnd& end) {
  session_.stream_closed(stream, end, read_clocks());
  if (connection_ && connection_->stream() == stream) connection_.reset();
  context_.settle();
}

}  // namespace bridge
