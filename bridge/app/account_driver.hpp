#pragma once

#include <memory>
#include <string>

#include "bridge/app/driver_context.hpp"
#include "bridge/app/stream_connection.hpp"
#include "bridge/core/account_session.hpp"
#include "bridge/wire/credentials.hpp"
#include "bridge/wire/user_stream_parser.hpp"

namespace bridge {

// Performs what one account's session wants, and tells it what came of it.
class AccountDriver final : public StreamOwner {
 public:
  // `parse_errors`: counted over all accounts.
  AccountDriver(DriverContext& context, std::string name, Credentials credentials,
                PositionFeed& feed, PositionFeed::AccountNumber number, const ExchangeClock& clock,
                AccountSession::Settings settings, Counter& parse_errors);

  AccountSession& session() { return session_; }
  const AccountSession& session() const { return session_; }

  // True if there was anything to perform.
  bool perform_effects();

  void stream_opened(StreamNumber stream) override;
  void stream_alive(StreamNumber stream) override;
  void stream_frame(StreamNumber stream, PaddedText frame, Now received) override;
  void stream_turn_ended() override;
  void stream_closed(StreamNumber stream, const StreamEnd& end) override;

 private:
  void perform(const effect::OpenUserStream& open);
  void perform(const effect::Request& request);
  void perform_one(Effect& effect);

  DriverContext& context_;
  const std::string name_;
  const Credentials credentials_;
  AccountSession session_;
  UserStreamParser parser_;
  Counter& parse_errors_;
  std::unique_ptr<StreamConnection> connection_;
};

}  // namespace bridge
