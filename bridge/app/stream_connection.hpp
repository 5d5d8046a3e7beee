#pragma once

#include "bridge/app/environment_driver.hpp"
#include "bridge/core/effects.hpp"
#include "bridge/io/clock.hpp"
#include "bridge/io/websocket_client.hpp"

namespace bridge {

StreamEnd to_stream_end(const CloseReason& reason);

// One WebSocket of a session: says to the driver what happens on it, and when.
class StreamConnection final : public WebSocketHandler {
 public:
  using Account = EnvironmentDriver::Account;

  // `account`: null for the mark price stream.
  StreamConnection(EnvironmentDriver& driver, Account* account, StreamNumber stream,
                   boost::asio::io_context& loop, TlsContext tls, ServerAddress server)
      : driver_{driver},
        account_{account},
        stream_{stream},
        client_{loop, std::move(tls), std::move(server), *this} {}

  WebSocketClient& client() { return client_; }
  StreamNumber stream() const { return stream_; }

  void on_open() override { driver_.stream_opened(account_, stream_); }
  // One look at the clock for all frames that were read together.
  void on_read() override { received_ = read_clocks(); }
  void on_frame(PaddedText frame) override {
    driver_.stream_frame(account_, stream_, frame, received_);
  }
  void on_turn_end() override { driver_.settle(); }
  void on_control_frame() override { driver_.stream_alive(account_, stream_); }
  void on_closed(const CloseReason& reason) override {
    driver_.stream_closed(account_, stream_, to_stream_end(reason));
  }

 private:
  EnvironmentDriver& driver_;
  Account* const account_;
  const StreamNumber stream_;
  Now received_;
  WebSocketClient client_;
};

}  // namespace bridge
