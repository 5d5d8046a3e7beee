#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "tests/exchange/shell/byte_stream.hpp"

namespace exchange {
namespace {

class PlainStream : public ByteStream {
 public:
  explicit PlainStream(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override {
    boost::asio::post(socket_.get_executor(),
                      [done = std::move(done)] { done(boost::system::error_code(), 0); });
  }

  void read_some(boost::asio::mutable_buffer buffer, Done done) override {
    socket_.async_read_some(buffer, std::move(done));
  }

  void write(boost::asio::const_buffer buffer, Done done) override {
    boost::asio::async_write(socket_, buffer, std::move(done));
  }

  void abort() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(boost::asio::ip::tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace exchange
