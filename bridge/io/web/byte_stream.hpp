#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bridge/io/web/network_failure.hpp"
#include "bridge/io/web/server_address.hpp"
#include "bridge/io/web/tls_context.hpp"

namespace bridge {

// Told what happens on a ByteStream, from the loop and never from within a call to the stream.
class ByteStreamUser {
 public:
  virtual ~ByteStreamUser() = default;

  virtual void on_connected() = 0;
  // `size` bytes are in the space given to read(); never 0.
  virtual void on_bytes(std::size_t size) = 0;
  virtual void on_written() = 0;
  // The stream is closed: the last call.
  virtual void on_failure(const NetworkFailure& failure) = 0;
};

// A connection to a server: TCP, and TLS on it with certificate and host name verified. Everything
// that speaks to the exchange stands on it, and it alone is compiled with Asio's TLS.
//
// Operations keep the stream and its user alive until Asio has let go of their buffers, which with
// TLS may be after close().
class ByteStream : public std::enable_shared_from_this<ByteStream> {
 public:
  // A name may have several addresses, of which the first may be unreachable in silence.
  static constexpr std::chrono::seconds time_per_address{3};

  static std::shared_ptr<ByteStream> create(boost::asio::io_context& loop, TlsContext tls,
                                            ServerAddress server);

  // Resolves, connects, encrypts; then on_connected() or on_failure(). Once.
  void open(std::shared_ptr<ByteStreamUser> user);

  // One read at a time; `space` belongs to the user and stays valid as long as the user lives.
  void read(std::span<char> space);

  // Takes more of what is already in this process, without waiting: TLS hands out one record at a
  // time, and a read of the socket may have brought many. Returns 0 when there is nothing.
  std::size_t read_at_hand(std::span<char> space);

  // One write at a time, of all of `bytes`; they stay valid until on_written() or as long as the
  // user lives.
  void write(std::string_view bytes);
  bool is_writing() const { return is_writing_; }

  // At once. The user is told nothing more.
  void close();

 private:
  using Tcp = boost::asio::ip::tcp;
  using Endpoints = Tcp::resolver::results_type;

  ByteStream(boost::asio::io_context& loop, TlsContext tls, ServerAddress server);

  void resolve();
  void connect(Endpoints endpoints, Endpoints::const_iterator next,
               boost::system::error_code last_error);
  void finish_connect(boost::system::error_code error, Endpoints endpoints,
                      Endpoints::const_iterator next);
  void encrypt();
  void fail(NetworkFailureKind kind, std::string_view reason);
  void fail_connect(boost::system::error_code error);

  TlsContext tls_context_;
  ServerAddress server_;
  Tcp::resolver resolver_;
  boost::asio::steady_timer attempt_timer_;
  Tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;  // absent without encryption
  std::shared_ptr<ByteStreamUser> user_;  // null before open() and after the end
  bool is_writing_ = false;
};

}  // namespace bridge
