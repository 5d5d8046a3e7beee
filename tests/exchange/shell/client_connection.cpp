#include "tests/exchange/shell/client_connection.hpp"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace exchange {
namespace {

namespace http = boost::beast::http;

// A client that does not read is cut off, as the exchange does.
constexpr std::size_t pending_bytes_max = 32 * 1'048'576;
constexpr std::uint64_t request_body_bytes_max = 1'048'576;
constexpr auto close_patience = std::chrono::seconds(2);

std::string text_of(boost::beast::string_view view) {
  return {view.data(), view.size()};
}

bool wants_upgrade(const http::request<http::string_body>& request) {
  return boost::beast::iequals(request[http::field::upgrade], "websocket") &&
         request.count(http::field::sec_websocket_key) > 0;
}

}  // namespace

ClientConnection::ClientConnection(std::unique_ptr<ByteStream> stream,
                                   boost::asio::any_io_executor executor, std::string address,
                                   Gateway& gateway)
    : stream_(std::move(stream)),
      close_timer_(executor),
      answer_timer_(std::move(executor)),
      address_(std::move(address)),
      gateway_(gateway) {}

void ClientConnection::start() {
  stream_->handshake([self = shared_from_this()](boost::system::error_code error, std::size_t) {
    if (error) return self->finish();
    self->read();
  });
}

void ClientConnection::read() {
  stream_->read_some(
      boost::asio::buffer(input_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (error || self->phase_ == Phase::ended) return self->finish();
        self->received({self->input_.data(), size});
        if (self->phase_ != Phase::ended) self->read();
      });
}

void ClientConnection::received(std::string_view bytes) {
  if (phase_ == Phase::http) {
    received_http(bytes);
  } else {
    received_frames(bytes);
  }
}

void ClientConnection::received_http(std::string_view bytes) {
  unparsed_.append(bytes);
  while (phase_ == Phase::http && !answer_under_way_ && !unparsed_.empty()) {
    if (!parser_) {
      parser_ = std::make_unique<Parser>();
      parser_->eager(true);
      parser_->body_limit(request_body_bytes_max);
    }
    boost::system::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(std::as_const(unparsed_)), error);
    unparsed_.erase(0, used);
    if (error == http::error::need_more) return;
    if (error) return finish();
    if (!parser_->is_done()) continue;
    const std::unique_ptr<Parser> parser = std::move(parser_);
    answer(*parser);
  }
  if (phase_ == Phase::websocket) received_frames(std::exchange(unparsed_, {}));
}

void ClientConnection::answer(Parser& parser) {
  if (wants_upgrade(parser.get())) return upgrade(parser);
  const auto& message = parser.get();
  const HttpRequest request{.method = text_of(message.method_string()),
                            .target = text_of(message.target()),
                            .api_key = text_of(message["X-MBX-APIKEY"]),
                            .body = message.body(),
                            .address = address_};
  HttpResponse response = gateway_.on_request(request);
  if (response.delay_ms == 0) return respond(response, message.keep_alive());
  respond_later(std::move(response), message.keep_alive());
}

void ClientConnection::respond_later(HttpResponse response, bool keep_alive) {
  answer_under_way_ = true;
  answer_timer_.expires_at(gateway_.real_time_of(gateway_.now() + response.delay_ms));
  answer_timer_.async_wait([self = shared_from_this(), response = std::move(response),
                            keep_alive](boost::system::error_code error) {
    if (error) return;
    self->answer_under_way_ = false;
    self->respond(response, keep_alive);
    self->received_http({});
  });
}

void ClientConnection::upgrade(Parser& parser) {
  const auto& message = parser.get();
  const auto opened = gateway_.on_upgrade(text_of(message.target()), address_);
  if (!opened) return respond(opened.error(), message.keep_alive());
  id_ = *opened;
  phase_ = Phase::websocket;
  pending_ += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  pending_ +=
      "Sec-WebSocket-Accept: " + accept_key(text_of(message[http::field::sec_websocket_key])) +
      "\r\n\r\n";
  write();
  gateway_.attached(*id_, shared_from_this());
}

void ClientConnection::respond(const HttpResponse& response, bool keep_alive) {
  const auto status = static_cast<http::status>(response.status);
  std::string_view phrase = response.status == 418 ? "I'm a teapot" : "";
  const std::string reason =
      phrase.empty() ? text_of(http::obsolete_reason(status)) : std::string(phrase);
  pending_ += "HTTP/1.1 " + std::to_string(response.status) + " " + reason + "\r\n";
  pending_ += "Content-Type: application/json;charset=UTF-8\r\n";
  pending_ += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  for (const auto& [name, value] : response.headers) pending_ += name + ": " + value + "\r\n";
  pending_ += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  pending_ += response.body;
  end_after_write_ = !keep_alive;
  write();
}

void ClientConnection::received_frames(std::string_view bytes) {
  const auto self = shared_from_this();
  decoder_.feed(bytes);
  while (std::optional<Message> message = decoder_.next()) {
    if (phase_ == Phase::ended) return;
    if (id_ && !gateway_.is_attended(*id_) && phase_ == Phase::websocket) continue;
    if (message->opcode == Opcode::close) {
      // The client's close is answered in kind; a close that answers ours ends it.
      if (phase_ == Phase::websocket) send(Opcode::close, message->payload.substr(0, 2));
      end_after_write_ = true;
      phase_ = Phase::closing;
      if (!write_under_way_) finish();
      return;
    }
    if (phase_ == Phase::websocket) gateway_.on_message(*id_, *message);
  }
  if (decoder_.is_broken()) close(1002, "protocol error");
}

void ClientConnection::send(Opcode opcode, std::string_view payload) {
  if (phase_ != Phase::websocket) return;
  append_frame(pending_, opcode, payload);
  if (pending_.size() > pending_bytes_max) return abort();
  write();
}

void ClientConnection::close(int code, std::string_view reason) {
  if (phase_ != Phase::websocket) return;
  send(Opcode::close, close_payload(code, reason));
  if (phase_ == Phase::ended) return;
  phase_ = Phase::closing;
  close_timer_.expires_after(close_patience);
  close_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->finish();
  });
}

void ClientConnection::abort() {
  finish();
}

void ClientConnection::flood(std::unique_ptr<Flood> flood) {
  if (phase_ != Phase::websocket) return;
  // The old flood's bytes may still be on their way out.
  (write_under_way_ ? next_flood_ : flood_) = std::move(flood);
  write();
}

void ClientConnection::write() {
  if (write_under_way_ || phase_ == Phase::ended) return;
  std::string_view bytes;
  if (!pending_.empty()) {
    writing_ = std::exchange(pending_, {});
    bytes = writing_;
  } else if (phase_ == Phase::websocket && flood_ && !flood_->is_over()) {
    bytes = flood_->next(gateway_.now());
  } else {
    return;
  }
  write_under_way_ = true;
  stream_->write(boost::asio::buffer(bytes.data(), bytes.size()),
                 [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                   self->written(error);
                 });
}

void ClientConnection::written(boost::system::error_code error) {
  write_under_way_ = false;
  if (error) return finish();
  if (next_flood_) flood_ = std::move(next_flood_);
  if (end_after_write_ && pending_.empty()) return finish();
  write();
}

void ClientConnection::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  close_timer_.cancel();
  answer_timer_.cancel();
  stream_->abort();
  if (id_) gateway_.on_closed(*id_);
}

}  // namespace exchange
