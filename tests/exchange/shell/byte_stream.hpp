#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace boost::asio::ssl {
class context;
}

namespace exchange {

/// A connection's bytes, whatever protects them on the way. One read and one write may be under
/// way at a time; handlers come from the io_context, never from within the call.
class ByteStream {
 public:
  using Done = std::function<void(boost::system::error_code, std::size_t)>;

  ByteStream() = default;
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer buffer, Done done) = 0;
  /// Writes all of `buffer`, which must live until it is done.
  virtual void write(boost::asio::const_buffer buffer, Done done) = 0;
  /// Ends it at once, without a farewell of any protocol.
  virtual void abort() = 0;
};

std::unique_ptr<ByteStream> make_plain_stream(boost::asio::ip::tcp::socket socket);
std::unique_ptr<ByteStream> make_tls_stream(boost::asio::ip::tcp::socket socket,
                                            boost::asio::ssl::context& context);

}  // namespace exchange
