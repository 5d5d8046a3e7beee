#pragma once

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/values/padded_text.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/io/web/websocket_client.hpp"

namespace bridge {

// Who opened a stream and is told what happens on it. Every call may destroy the connection.
class StreamOwner {
 public:
  virtual void stream_opened(StreamNumber stream) = 0;
  virtual void stream_alive(StreamNumber stream) = 0;
  // `received`: when the bytes were read; the same for all frames that were read together.
  virtual void stream_frame(StreamNumber stream, PaddedText frame, Now received) = 0;
  // What was read together has been told.
  virtual void stream_turn_ended() = 0;
  virtual void stream_closed(StreamNumber stream, const StreamEnd& end) = 0;

 protected:
  ~StreamOwner() = default;
};

// One WebSocket of a session.
class StreamConnection final : public WebSocketHandler {
 public:
  // The owner and the loop outlive the connection.
  StreamConnection(StreamOwner& owner, StreamNumber stream, boost::asio::io_context& loop,
                   const TlsContext& tls, ServerAddress server)
      : owner_{owner}, stream_{stream}, client_{loop, tls, std::move(server), *this} {}

  WebSocketClient& client() { return client_; }
  StreamNumber stream() const { return stream_; }

  void on_open() override;
  void on_read() override;
  void on_frame(PaddedText frame) override;
  void on_turn_end() override;
  void on_control_frame() override;
  void on_closed(const CloseReason& reason) override;

 private:
  StreamOwner& owner_;
  const StreamNumber stream_;
  Now received_;
  WebSocketClient client_;
};

}  // namespace bridge
