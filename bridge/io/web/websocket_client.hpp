#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/core/values/padded_text.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/io/web/server_address.hpp"
#include "bridge/io/web/tls_context.hpp"

namespace boost::asio {
class io_context;
}

namespace bridge {

// A message of the server that is larger ends the connection. An array of every mark price is 150
// KB.
constexpr std::size_t websocket_message_size_max = 8 * 1024 * 1024;
// What may wait to be sent. A subscription to 200 streams is 6 KB.
constexpr std::size_t websocket_unsent_size_max = 1024 * 1024;
// So many frames are delivered in one turn of the loop; then timers and other sockets have theirs.
constexpr int websocket_frames_per_turn_max = 256;

enum class CloseKind : std::uint8_t {
  resolve,            // the host's name has no address
  refused,            // TCP refused
  unreachable,        // no way to the host
  tls,                // certificate or TLS handshake
  handshake,          // the answer to the upgrade was no: `code` is the HTTP status, or 0
  server_closed,      // a close frame: `code` is its code, 1005 where it had none
  reset,              // the connection ended without a close frame
  protocol,           // the server broke the WebSocket protocol
  message_too_large,  // more than websocket_message_size_max
  unsent_too_large,   // more than websocket_unsent_size_max: the server does not read
  closed,             // as we asked with close()
};
constexpr int close_kind_count = 11;

// Fit for a metric label.
std::string_view to_string(CloseKind kind);

struct CloseReason {
  CloseKind kind = CloseKind::reset;
  int code = 0;
  std::string text;  // a sentence for a log; never holds the target
};

// Told what happens on a WebSocket. Every call comes from the loop, never from within a call to the
// client; every one may abort or destroy the client.
class WebSocketHandler {
 public:
  virtual void on_open() = 0;

  // Bytes have just been read, which hold what is delivered until the next call: the moment to look
  // at the clock, once for all of it.
  virtual void on_read() {}
  // A text or binary message. The text is valid during the call.
  virtual void on_frame(PaddedText frame) = 0;
  // Everything that was read has been delivered, or as much as one turn of the loop may take.
  virtual void on_turn_end() {}

  // A ping (already answered) or a pong came: the server is alive.
  virtual void on_control_frame() {}

  // The connection could not be made or is over. The last call, and the only one after a failure.
  virtual void on_closed(const CloseReason& reason) = 0;

 protected:
  ~WebSocketHandler() = default;
};

// One WebSocket connection, used once: open it, use it, see it closed. It knows no timeouts; who
// waits too long for anything calls abort().
class WebSocketClient {
 public:
  // All of them outlive the client. Plain connections are for loopback addresses only (asserted).
  WebSocketClient(boost::asio::io_context& loop, TlsContext tls, ServerAddress server,
                  WebSocketHandler& handler);
  // Aborts.
  ~WebSocketClient();
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  // Resolves, connects, encrypts and upgrades. Ends in on_open() or on_closed(). The target, which
  // may hold a listen key, is kept no longer than it takes to send it. Once.
  void open(Secret target);

  // Messages are sent in the order of the calls. They are dropped unless the connection is open.
  void send_text(std::string_view text);
  void ping();

  // Sends a close frame; on_closed() follows when the server answers it or goes away.
  void close(std::uint16_t code = 1000);

  // At once, at any step, without a close frame. No call to the handler follows, not even when this
  // is called from within one.
  void abort();

  bool is_open() const;

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace bridge
