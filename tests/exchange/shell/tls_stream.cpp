#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "tests/exchange/shell/byte_stream.hpp"

namespace exchange {
namespace {

class TlsStream : public ByteStream {
 public:
  TlsStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context)
      : stream_(std::move(socket), context) {}

  void handshake(Done done) override {
    stream_.async_handshake(
        boost::asio::ssl::stream_base::server,
        [done = std::move(done)](boost::system::error_code error) { done(error, 0); });
  }

  void read_some(boost::asio::mutable_buffer buffer, Done done) override {
    stream_.async_read_some(buffer, std::move(done));
  }

  void write(boost::asio::const_buffer buffer, Done done) override {
    boost::asio::async_write(stream_, buffer, std::move(done));
  }

  void abort() override {
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

 private:
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tls_stream(boost::asio::ip::tcp::socket socket,
                                            boost::asio::ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

}  // namespace exchange
