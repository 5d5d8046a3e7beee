#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <tl/expected.hpp>

#include "tests/exchange/model/exchange.hpp"
#include "tests/exchange/model/http.hpp"
#include "tests/exchange/shell/byte_stream.hpp"
#include "tests/exchange/shell/flood.hpp"
#include "tests/exchange/shell/websocket_frames.hpp"

namespace exchange {

class ClientConnection;

/// Who answers a connection's requests and takes its messages.
class Gateway {
 public:
  Gateway() = default;
  virtual ~Gateway() = default;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  virtual HttpResponse on_request(const HttpRequest& request) = 0;
  /// A WebSocket handshake. When it is accepted, `attached` follows once the answer is under way.
  virtual tl::expected<ConnectionId, HttpResponse> on_upgrade(const std::string& target,
                                                              const std::string& address) = 0;
  virtual void attached(ConnectionId id, const std::shared_ptr<ClientConnection>& connection) = 0;
  virtual void on_message(ConnectionId id, const Message& message) = 0;
  virtual void on_closed(ConnectionId id) = 0;
  /// Whether a WebSocket still has somebody at its other end; a half-open one has not.
  virtual bool is_attended(ConnectionId id) = 0;
  virtual UnixMs now() = 0;
  /// When the machine's clock will show that time.
  virtual std::chrono::steady_clock::time_point real_time_of(UnixMs time) = 0;
};

/// One client's connection: HTTP requests one after the other, until it becomes a WebSocket.
/// Keeps itself alive while something is under way.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(std::unique_ptr<ByteStream> stream, boost::asio::any_io_executor executor,
                   std::string address, Gateway& gateway);

  void start();
  void send(Opcode opcode, std::string_view payload);
  /// Sends a close frame and waits shortly for the client's own.
  void close(int code, std::string_view reason);
  void abort();
  /// Floods instead of whatever flood there was; other frames still go between its blocks.
  void flood(std::unique_ptr<Flood> flood);
  std::uint64_t flooded() const { return flood_ ? flood_->sent() : 0; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  enum class Phase { http, websocket, closing, ended };

  void read();
  void received(std::string_view bytes);
  void received_http(std::string_view bytes);
  void received_frames(std::string_view bytes);
  void answer(Parser& parser);
  void upgrade(Parser& parser);
  void respond(const HttpResponse& response, bool keep_alive);
  /// After its delay; requests that come meanwhile wait.
  void respond_later(HttpResponse response, bool keep_alive);
  void write();
  void written(boost::system::error_code error);
  void finish();

  std::unique_ptr<ByteStream> stream_;
  boost::asio::steady_timer close_timer_;
  boost::asio::steady_timer answer_timer_;
  std::string address_;
  Gateway& gateway_;
  Phase phase_ = Phase::http;
  std::optional<ConnectionId> id_;
  std::array<char, 16'384> input_;
  std::string unparsed_;
  std::unique_ptr<Parser> parser_;
  FrameDecoder decoder_;
  std::string pending_;
  std::string writing_;
  bool write_under_way_ = false;
  bool end_after_write_ = false;
  bool answer_under_way_ = false;
  std::unique_ptr<Flood> flood_;
  std::unique_ptr<Flood> next_flood_;  // waits for the write under way
};

}  // namespace exchange
