#include "bridge/io/web/websocket_client.hpp"

#include <openssl/rand.h>

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "bridge/core/values/assert.hpp"
#include "bridge/io/web/byte_stream.hpp"
#include "bridge/io/web/websocket_frames.hpp"
#include "bridge/io/web/websocket_handshake.hpp"
#include "bridge/io/web/websocket_input.hpp"

namespace bridge {

namespace asio = boost::asio;

namespace {

// The head of the answer to the upgrade.
constexpr std::size_t upgrade_answer_size_max = 16 * 1024;

// Codes of RFC 6455, section 7.4.
constexpr std::uint16_t close_protocol_error = 1002;
constexpr std::uint16_t close_too_large = 1009;
constexpr int close_without_code = 1005;  // never sent, only said

std::uint32_t random_mask() {
  std::uint32_t mask = 0;
  const int done = RAND_bytes(reinterpret_cast<unsigned char*>(&mask), sizeof mask);
  BRIDGE_ASSERT(done == 1);
  return mask;
}

int close_code(std::string_view payload) {
  if (payload.size() < 2) return close_without_code;
  return static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]);
}

CloseKind to_close_kind(NetworkFailureKind kind) {
  switch (kind) {
    case NetworkFailureKind::resolve: return CloseKind::resolve;
    case NetworkFailureKind::refused: return CloseKind::refused;
    case NetworkFailureKind::unreachable: return CloseKind::unreachable;
    case NetworkFailureKind::tls: return CloseKind::tls;
    case NetworkFailureKind::reset: return CloseKind::reset;
  }
  BRIDGE_UNREACHABLE("NetworkFailureKind");
}

}  // namespace

std::string_view to_string(CloseKind kind) {
  switch (kind) {
    case CloseKind::resolve: return "resolve";
    case CloseKind::refused: return "refused";
    case CloseKind::unreachable: return "unreachable";
    case CloseKind::tls: return "tls";
    case CloseKind::handshake: return "handshake";
    case CloseKind::server_closed: return "server_closed";
    case CloseKind::reset: return "reset";
    case CloseKind::protocol: return "protocol";
    case CloseKind::message_too_large: return "message_too_large";
    case CloseKind::unsent_too_large: return "unsent_too_large";
    case CloseKind::closed: return "closed";
  }
  BRIDGE_UNREACHABLE("CloseKind");
}

// Lives until its last operation has ended, which may be after the client is gone.
class WebSocketClient::Connection final : public ByteStreamUser,
                                          public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& loop, TlsContext tls, ServerAddress server,
             WebSocketHandler& handler)
      : loop_{loop},
        handler_{&handler},
        authority_{server.authority()},
        stream_{ByteStream::create(loop, std::move(tls), std::move(server))} {}

  void open(Secret target) {
    BRIDGE_ASSERT(state_ == State::unopened);
    state_ = State::connecting;
    target_ = std::move(target);
    stream_->open(shared_from_this());
  }

  bool is_open() const { return state_ == State::open; }

  void send(FrameOpcode opcode, std::string_view payload) {
    if (state_ != State::open) return;
    if (unsent_.size() + payload.size() > websocket_unsent_size_max) return overflow();
    append_frame(unsent_, opcode, payload, random_mask());
    write_unsent();
  }

  void close(std::uint16_t code) {
    if (state_ != State::open) return;
    send(FrameOpcode::close, close_payload(code));
    if (state_ == State::open) state_ = State::closing;
  }

  void abort() {
    state_ = State::over;
    handler_ = nullptr;
    stream_->close();
  }

  void on_connected() override {
    state_ = State::upgrading;
    key_ = make_websocket_key();
    request_ = upgrade_request(authority_, target_, key_);
    target_ = Secret{};
    stream_->write(request_.reveal());
    stream_->read(input_.prepare());
  }

  void on_bytes(std::size_t size) override {
    input_.commit(size);
    take_what_is_at_hand();
    if (state_ == State::upgrading && !finish_upgrade()) return;
    if (state_ == State::over) return;
    handler_->on_read();
    deliver();
  }

  void on_written() override {
    request_ = Secret{};
    writing_.clear();
    write_unsent();
  }

  void on_failure(const NetworkFailure& failure) override {
    // A server may answer our close frame by just going away.
    if (state_ == State::closing) {
      return end({.kind = CloseKind::closed, .text = "closed by us"});
    }
    end({.kind = to_close_kind(failure.kind), .text = failure.text});
  }

 private:
  enum class State : std::uint8_t { unopened, connecting, upgrading, open, closing, over };

  void take_what_is_at_hand() {
    while (input_.unread().size() < WebSocketInput::read_size) {
      const std::size_t size = stream_->read_at_hand(input_.prepare());
      if (size == 0) return;
      input_.commit(size);
    }
  }

  // Whether frames may follow now.
  bool finish_upgrade() {
    constexpr std::string_view head_end = "\r\n\r\n";
    const std::size_t end_position = input_.unread().find(head_end);
    if (end_position == std::string_view::npos) {
      if (input_.unread().size() > upgrade_answer_size_max) {
        end({.kind = CloseKind::handshake, .text = "the answer to the upgrade has no end"});
      } else {
        stream_->read(input_.prepare());
      }
      return false;
    }
    const std::size_t head_size = end_position + head_end.size();
    const auto verdict = check_upgrade_answer(input_.unread().substr(0, head_size), key_);
    if (!verdict) {
      const UpgradeRefusal& refusal = verdict.error();
      end({.kind = CloseKind::handshake, .code = refusal.status, .text = refusal.text});
      return false;
    }
    input_.consume(head_size);
    state_ = State::open;
    handler_->on_open();
    return true;
  }

  // Hands out what has been read, as much as one turn may, and sees to it that more comes.
  void deliver() {
    for (int count = 0; count < websocket_frames_per_turn_max; ++count) {
      const WebSocketEvent event = input_.next();
      if (event.kind == WebSocketEvent::Kind::need_more) {
        handler_->on_turn_end();
        if (state_ != State::over) stream_->read(input_.prepare());
        return;
      }
      handle(event);
      if (state_ == State::over) return;
    }
    handler_->on_turn_end();
    if (state_ == State::over) return;
    asio::post(loop_, [self = shared_from_this()] {
      if (self->state_ != State::over) self->deliver();
    });
  }

  void handle(const WebSocketEvent& event) {
    switch (event.kind) {
      case WebSocketEvent::Kind::message:
        if (state_ == State::open) handler_->on_frame(event.payload);
        return;
      case WebSocketEvent::Kind::ping:
        send(FrameOpcode::pong, event.payload.view());
        return handler_->on_control_frame();
      case WebSocketEvent::Kind::pong: return handler_->on_control_frame();
      case WebSocketEvent::Kind::close: return handle_close(event.payload.view());
      case WebSocketEvent::Kind::broken:
        say_goodbye(close_payload(close_protocol_error));
        return end(
            {.kind = CloseKind::protocol, .text = "the server broke the WebSocket protocol"});
      case WebSocketEvent::Kind::too_large:
        say_goodbye(close_payload(close_too_large));
        return end({.kind = CloseKind::message_too_large,
                    .text = "a message of the server is larger than " +
                            std::to_string(websocket_message_size_max) + " bytes"});
      case WebSocketEvent::Kind::need_more: break;
    }
    BRIDGE_UNREACHABLE("need_more is nothing to handle");
  }

  void handle_close(std::string_view payload) {
    if (state_ == State::closing) {
      return end({.kind = CloseKind::closed, .text = "closed by us"});
    }
    const int code = close_code(payload);
    say_goodbye(code == close_without_code ? std::string_view{} : payload.substr(0, 2));
    // Without the server's own words: they may repeat what was asked for.
    end({.kind = CloseKind::server_closed,
         .code = code,
         .text = "the server closed the connection with code " + std::to_string(code)});
  }

  // A close frame right before the end, if nothing is in its way: it goes to the kernel at once.
  void say_goodbye(std::string_view payload) { send(FrameOpcode::close, payload); }

  void write_unsent() {
    if (unsent_.empty() || state_ == State::over || stream_->is_writing()) return;
    writing_.swap(unsent_);
    stream_->write(writing_);
  }

  void overflow() {
    // Not at once: the caller is in the middle of something.
    asio::post(loop_, [self = shared_from_this()] {
      self->end({.kind = CloseKind::unsent_too_large, .text = "the server does not read"});
    });
  }

  void end(const CloseReason& reason) {
    WebSocketHandler* const handler = handler_;
    abort();
    if (handler != nullptr) handler->on_closed(reason);
  }

  asio::io_context& loop_;
  WebSocketHandler* handler_;  // null once over
  State state_ = State::unopened;
  std::string authority_;
  Secret target_;
  Secret request_;  // while it is being written
  std::string key_;
  WebSocketInput input_{websocket_message_size_max};
  std::string unsent_;   // whole frames, in order
  std::string writing_;  // what the stream is writing
  std::shared_ptr<ByteStream> stream_;
};

WebSocketClient::WebSocketClient(asio::io_context& loop, TlsContext tls, ServerAddress server,
                                 WebSocketHandler& handler)
    : connection_{std::make_shared<Connection>(loop, std::move(tls), std::move(server), handler)} {}

WebSocketClient::~WebSocketClient() {
  connection_->abort();
}

void WebSocketClient::open(Secret target) {
  connection_->open(std::move(target));
}

void WebSocketClient::send_text(std::string_view text) {
  connection_->send(FrameOpcode::text, text);
}

void WebSocketClient::ping() {
  connection_->send(FrameOpcode::ping, {});
}

void WebSocketClient::close(std::uint16_t code) {
  connection_->close(code);
}

void WebSocketClient::abort() {
  connection_->abort();
}

bool WebSocketClient::is_open() const {
  return connection_->is_open();
}

}  // namespace bridge
