#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/exchange/model/exchange.hpp"
#include "tests/exchange/shell/client_connection.hpp"
#include "tests/exchange/shell/scaled_clock.hpp"

namespace exchange {

/// Accepts connections at one address and hands their sockets on.
class Listener {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;

  /// Throws boost::system::system_error when the address cannot be listened at.
  Listener(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& endpoint,
           Accepted accepted);

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  void stop();

 private:
  void accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  Accepted accepted_;
};

/// Puts the exchange's model behind sockets and a clock: carries requests and messages to it and
/// its effects back, and wakes it when it wants to be woken.
class Server : public Gateway {
 public:
  Server(boost::asio::io_context& loop, Exchange& exchange, ScaledClock clock);

  boost::asio::ip::tcp::endpoint listen_tls(const boost::asio::ip::tcp::endpoint& endpoint,
                                            boost::asio::ssl::context& context);
  boost::asio::ip::tcp::endpoint listen_plain(const boost::asio::ip::tcp::endpoint& endpoint);

  /// Floods every connection that takes mark prices; how many those are.
  std::size_t flood(const std::vector<SymbolId>& symbols, std::uint64_t frames);
  /// Frames that the present floods have sent so far.
  std::uint64_t flooded() const;
  /// Carries out what the exchange has decided and sets the alarm anew. Whoever calls the exchange
  /// directly calls this afterwards.
  void settle();
  void stop();

  HttpResponse on_request(const HttpRequest& request) override;
  tl::expected<ConnectionId, HttpResponse> on_upgrade(const std::string& target,
                                                      const std::string& address) override;
  void attached(ConnectionId id, const std::shared_ptr<ClientConnection>& connection) override;
  void on_message(ConnectionId id, const Message& message) override;
  void on_closed(ConnectionId id) override;
  bool is_attended(ConnectionId id) override { return exchange_.connections().contains(id); }
  UnixMs now() override { return clock_.now(); }
  std::chrono::steady_clock::time_point real_time_of(UnixMs time) override {
    return clock_.real_time_of(time);
  }

 private:
  void accept(std::unique_ptr<ByteStream> stream, std::string address);
  void carry_out(const Effect& effect);
  void set_alarm();

  boost::asio::io_context& loop_;
  Exchange& exchange_;
  ScaledClock clock_;
  boost::asio::steady_timer alarm_;
  UnixMs alarm_at_ = never_ms;
  bool carrying_out_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<ConnectionId, std::shared_ptr<ClientConnection>> connections_;
};

/// The address that a client is counted under.
std::string address_of(const boost::asio::ip::tcp::socket& socket);

}  // namespace exchange
