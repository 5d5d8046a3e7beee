#include "tests/exchange/shell/server.hpp"

#include <algorithm>
#include <utility>

namespace exchange {

using boost::asio::ip::tcp;

Listener::Listener(boost::asio::io_context& loop, const tcp::endpoint& endpoint, Accepted accepted)
    : acceptor_(loop, endpoint), accepted_(std::move(accepted)) {
  accept();
}

void Listener::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      accepted_(std::move(socket));
    }
    accept();
  });
}

void Listener::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

std::string address_of(const tcp::socket& socket) {
  boost::system::error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  return error ? std::string("unknown") : remote.address().to_string();
}

Server::Server(boost::asio::io_context& loop, Exchange& exchange, ScaledClock clock)
    : loop_(loop), exchange_(exchange), clock_(clock), alarm_(loop) {
  settle();
}

tcp::endpoint Server::listen_tls(const tcp::endpoint& endpoint,
                                 boost::asio::ssl::context& context) {
  const auto accepted = [this, &context](tcp::socket socket) {
    std::string address = address_of(socket);
    accept(make_tls_stream(std::move(socket), context), std::move(address));
  };
  return listeners_.emplace_back(std::make_unique<Listener>(loop_, endpoint, accepted))->endpoint();
}

tcp::endpoint Server::listen_plain(const tcp::endpoint& endpoint) {
  const auto accepted = [this](tcp::socket socket) {
    std::string address = address_of(socket);
    accept(make_plain_stream(std::move(socket)), std::move(address));
  };
  return listeners_.emplace_back(std::make_unique<Listener>(loop_, endpoint, accepted))->endpoint();
}

void Server::accept(std::unique_ptr<ByteStream> stream, std::string address) {
  if (!exchange_.accepts_connection(clock_.now())) return stream->abort();
  std::make_shared<ClientConnection>(std::move(stream), loop_.get_executor(), std::move(address),
                                     *this)
      ->start();
}

HttpResponse Server::on_request(const HttpRequest& request) {
  HttpResponse response = exchange_.request(request, clock_.now());
  settle();
  return response;
}

tl::expected<ConnectionId, HttpResponse> Server::on_upgrade(const std::string& target,
                                                            const std::string& address) {
  return exchange_.open(target, address, clock_.now());
}

void Server::attached(ConnectionId id, const std::shared_ptr<ClientConnection>& connection) {
  connections_.emplace(id, connection);
  settle();
}

void Server::on_message(ConnectionId id, const Message& message) {
  const UnixMs now = clock_.now();
  if (message.opcode == Opcode::ping) {
    exchange_.receive_ping(id, message.payload, now);
  } else if (message.opcode == Opcode::pong) {
    exchange_.receive_pong(id, message.payload, now);
  } else {
    exchange_.receive_text(id, message.payload, now);
  }
  settle();
}

void Server::on_closed(ConnectionId id) {
  connections_.erase(id);
  exchange_.closed(id, clock_.now());
  settle();
}

void Server::settle() {
  // Carrying out an effect may end a connection, which comes back here.
  if (carrying_out_) return;
  carrying_out_ = true;
  exchange_.advance(clock_.now());
  for (std::vector<Effect> effects = exchange_.take_effects(); !effects.empty();
       effects = exchange_.take_effects()) {
    for (const Effect& effect : effects) carry_out(effect);
  }
  carrying_out_ = false;
  set_alarm();
}

void Server::carry_out(const Effect& effect) {
  const auto found = connections_.find(effect.connection);
  if (found == connections_.end()) return;
  const std::shared_ptr<ClientConnection> connection = found->second;
  switch (effect.kind) {
    case EffectKind::text: return connection->send(Opcode::text, *effect.payload);
    case EffectKind::ping: return connection->send(Opcode::ping, *effect.payload);
    case EffectKind::pong: return connection->send(Opcode::pong, *effect.payload);
    case EffectKind::close: return connection->close(effect.close_code, *effect.payload);
    case EffectKind::drop: return connection->abort();
  }
}

void Server::set_alarm() {
  const UnixMs deadline = exchange_.next_deadline();
  if (deadline == alarm_at_) return;
  alarm_at_ = deadline;
  if (deadline == never_ms) {
    alarm_.cancel();
    return;
  }
  alarm_.expires_at(clock_.real_time_of(deadline));
  alarm_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    alarm_at_ = never_ms;
    settle();
  });
}

std::size_t Server::flood(const std::vector<SymbolId>& symbols, std::uint64_t frames) {
  std::size_t flooded_connections = 0;
  for (const auto& [id, connection] : connections_) {
    const auto known = exchange_.connections().find(id);
    if (known == exchange_.connections().end() || !known->second.takes_mark_prices()) continue;
    connection->flood(std::make_unique<Flood>(exchange_.world(), symbols, known->second.framing(),
                                              frames, clock_.now()));
    ++flooded_connections;
  }
  return flooded_connections;
}

std::uint64_t Server::flooded() const {
  std::uint64_t frames = 0;
  for (const auto& [id, connection] : connections_) frames += connection->flooded();
  return frames;
}

void Server::stop() {
  for (const auto& listener : listeners_) listener->stop();
  alarm_.cancel();
  loop_.stop();
}

}  // namespace exchange
