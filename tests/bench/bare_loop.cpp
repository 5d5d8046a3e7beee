// The yardstick of the publish rate: as little as a program can do that reads mark prices from a
// WebSocket and publishes position messages. A blocking Beast read, simdjson, msgpack-c, one PUB
// socket, and none of the bridge's duties: no book, no decimals, no sequences per account, no
// staleness, no metrics, no reconnection.
//
//   usage: bare-loop HOST PORT TARGET ENDPOINT SECONDS
//
// Counts from the first frame on and prints {"updates":…,"seconds":…,"cpu_seconds":…}.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <msgpack.hpp>
#include <zmq.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Clock = std::chrono::steady_clock;
using WebSocket = beast::websocket::stream<asio::ip::tcp::socket>;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct MarkPrice {
  std::string_view symbol, mark_price, index_price, funding_rate;
  std::int64_t event_ms = 0;
  std::int64_t next_funding_ms = 0;
};

class Publisher {
 public:
  explicit Publisher(const std::string& endpoint) : socket_{context_, zmq::socket_type::pub} {
    socket_.set(zmq::sockopt::sndhwm, 20'000);
    socket_.bind(endpoint);
  }

  void publish(const MarkPrice& price) {
    ++sequence_;
    buffer_.clear();
    msgpack::packer<msgpack::sbuffer> packer{buffer_};
    packer.pack_map(31);
    const auto text = [&](std::string_view key, std::string_view value) {
      packer.pack(key);
      packer.pack(value);
    };
    const auto integer = [&](std::string_view key, auto value) {
      packer.pack(key);
      packer.pack(value);
    };
    const auto nil = [&](std::string_view key) {
      packer.pack(key);
      packer.pack_nil();
    };
    integer("v", 1);
    text("type", "position.update");
    text("instance", "bare");
    integer("epoch", epoch_);
    text("account", "flooded");
    text("venue", "binance-usdm");
    text("symbol", price.symbol);
    text("position_side", "BOTH");
    text("side", "LONG");
    text("size", "0.250");
    text("entry_price", "64240.38");
    text("break_even_price", "64272.50");
    text("mark_price", price.mark_price);
    text("index_price", price.index_price);
    text("unrealized_pnl", "1234.5678");
    text("realized_pnl", "0");
    text("notional", "16060.095");
    text("margin_type", "cross");
    text("isolated_wallet", "0");
    integer("leverage", 20);
    text("funding_rate", price.funding_rate);
    integer("next_funding_time_us", price.next_funding_ms * 1000);
    text("state", "live");
    text("trigger", "mark_price");
    nil("account_reason");
    integer("position_time_us", epoch_);
    integer("mark_time_us", price.event_ms * 1000);
    integer("received_us", wall_us());
    integer("published_us", wall_us());
    integer("account_seq", sequence_);
    integer("seq", sequence_);
    topic_.assign("position.update.flooded.").append(price.symbol).append(".BOTH");
    socket_.send(zmq::buffer(topic_), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
    socket_.send(zmq::buffer(buffer_.data(), buffer_.size()), zmq::send_flags::dontwait);
  }

  std::uint64_t published() const { return sequence_; }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  msgpack::sbuffer buffer_;
  std::string topic_;
  std::uint64_t sequence_ = 0;
  std::int64_t epoch_ = wall_us();
};

MarkPrice parse(simdjson::ondemand::parser& parser, const char* frame, std::size_t size,
                std::size_t capacity) {
  auto document = parser.iterate(frame, size, capacity);
  auto data = document["data"].get_object();
  MarkPrice price;
  price.event_ms = data["E"].get_int64();
  price.symbol = data["s"].get_string();
  price.mark_price = data["p"].get_string();
  price.index_price = data["i"].get_string();
  price.funding_rate = data["r"].get_string();
  price.next_funding_ms = data["T"].get_int64();
  return price;
}

void run(char** arguments) {
  const std::string host = arguments[1];
  const std::string port = arguments[2];
  const double duration = std::atof(arguments[5]);
  Publisher publisher{arguments[4]};

  asio::io_context context;
  WebSocket stream{context};
  asio::connect(beast::get_lowest_layer(stream),
                asio::ip::tcp::resolver{context}.resolve(host, port));
  stream.handshake(host + ":" + port, arguments[3]);

  simdjson::ondemand::parser parser;
  beast::flat_buffer buffer;
  Clock::time_point begin;
  double cpu_begin = 0;
  while (publisher.published() == 0 ||
         std::chrono::duration<double>(Clock::now() - begin).count() < duration) {
    buffer.clear();
    stream.read(buffer);
    const std::size_t size = buffer.size();
    buffer.prepare(simdjson::SIMDJSON_PADDING);
    const auto* const frame = static_cast<const char*>(buffer.data().data());
    if (std::string_view{frame, size}.starts_with("{\"result\"")) continue;
    publisher.publish(parse(parser, frame, size, size + simdjson::SIMDJSON_PADDING));
    if (publisher.published() == 1) {
      begin = Clock::now();
      cpu_begin = cpu_seconds();
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("{\"updates\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n",
              static_cast<unsigned long long>(publisher.published()), seconds,
              cpu_seconds() - cpu_begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bare-loop HOST PORT TARGET ENDPOINT SECONDS\n");
    return 64;
  }
  try {
    run(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare-loop: %s\n", error.what());
    return 70;
  }
  return 0;
}
