#pragma once

#include <string>

#include "bridge/app/drivers/driver_context.hpp"
#include "bridge/app/drivers/stream_connections.hpp"
#include "bridge/core/sessions/account_session.hpp"
#include "bridge/wire/exchange/credentials.hpp"
#include "bridge/wire/exchange/user_stream_parser.hpp"

namespace bridge {

// Performs what one account's session wants of its streams, and tells it what came of it.
class AccountDriver final : public StreamOwner {
 public:
  // `parse_errors`: counted over all accounts.
  AccountDriver(DriverContext& context, std::string name, Credentials credentials,
                PositionFeed::AccountNumber number, Counter& parse_errors);

  const std::string& name() const { return name_; }
  const Credentials& credentials() const { return credentials_; }
  void set_credentials(Credentials credentials) { credentials_ = std::move(credentials); }

  // Not for requests, which need the environment's REST side.
  void perform(const Effect& effect);

  void stream_opened(StreamNumber stream) override;
  void stream_alive(StreamNumber stream) override;
  void stream_frame(StreamNumber stream, PaddedText frame, Now received) override;
  void stream_turn_ended() override;
  void stream_closed(StreamNumber stream, const StreamEnd& end) override;

 private:
  void perform(const effect::OpenUserStream& open);
  AccountSession& session() { return context_.session.account(number_); }

  DriverContext& context_;
  const std::string name_;
  Credentials credentials_;
  const PositionFeed::AccountNumber number_;
  UserStreamParser parser_;
  Counter& parse_errors_;
  StreamConnections connections_;
};

}  // namespace bridge
