#include "bridge/io/http/http_server.hpp"

#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "bridge/core/values/assert.hpp"
#include "bridge/io/web/user_agent.hpp"

namespace bridge {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

namespace {

// After an accept that failed for lack of descriptors or memory: trying on at once would burn the
// processor and help nobody.
constexpr std::chrono::milliseconds accept_retry_delay{100};

std::string_view path_of(beast::string_view target) {
  const std::string_view whole{target.data(), target.size()};
  return whole.substr(0, whole.find('?'));
}

HttpReply method_not_allowed() {
  return {.status = 405, .body = "only GET and HEAD\n"};
}

HttpReply nobody_replied() {
  return {.status = 503, .body = "the bridge did not reply in time\n"};
}

class Session;

// The sessions that are open; they leave when they end.
using Sessions = std::unordered_set<std::shared_ptr<Session>>;

// One connection. One operation at a time: read, then wait for the reply, then write.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(std::weak_ptr<asio::io_context> loop, Tcp::socket socket,
          const HttpServerOptions& options, const HttpServer::Handler& handler, Sessions& sessions)
      : loop_{std::move(loop)},
        stream_{std::move(socket)},
        options_{options},
        handler_{handler},
        sessions_{sessions},
        reply_timer_{stream_.get_executor()} {}

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.header_size_max));
    parser_->body_limit(0);  // GET and HEAD have none
    stream_.expires_after(options_.request_timeout);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_request(error); });
  }

  void close() {
    reply_timer_.cancel();
    stream_.close();
    // Last: it may hold the only reference but for the caller's.
    sessions_.erase(shared_from_this());
  }

 private:
  void on_request(error_code error) {
    if (error == http::error::header_limit) return refuse(431, "the header is too large\n");
    if (error == http::error::body_limit) return refuse(413, "a body is not expected\n");
    // Whatever else is not HTTP; the peer's going away and its silence are not worth an answer.
    if (error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return refuse(400, "this is no HTTP request\n");
    }
    if (error) return close();
    const auto& request = parser_->get();
    is_head_ = request.method() == http::verb::head;
    keep_alive_ = request.keep_alive();
    version_ = request.version();
    if (!is_head_ && request.method() != http::verb::get) return write(method_not_allowed());
    ask(path_of(request.target()));
  }

  void ask(std::string_view path) {
    stream_.expires_never();
    const std::uint64_t question = ++question_;
    reply_timer_.expires_after(options_.reply_timeout);
    reply_timer_.async_wait([self = shared_from_this(), question](error_code error) {
      if (!error) self->answer(question, nobody_replied());
    });
    // From any thread and at any time: the session may be gone by then, and the server too.
    handler_(path, [session = weak_from_this(), server = loop_, question](HttpReply reply) {
      const auto loop = server.lock();
      if (!loop) return;
      asio::post(*loop, [session, question, reply = std::move(reply)]() mutable {
        if (const auto self = session.lock()) self->answer(question, std::move(reply));
      });
    });
  }

  // The first answer to the question counts.
  void answer(std::uint64_t question, HttpReply reply) {
    if (question != question_) return;
    ++question_;
    reply_timer_.cancel();
    write(std::move(reply));
  }

  void refuse(int status, std::string text) {
    keep_alive_ = false;
    write({.status = status, .body = std::move(text)});
  }

  void write(HttpReply reply) {
    response_ =
        http::response<http::string_body>{http::int_to_status(unsigned(reply.status)), version_};
    response_.set(http::field::server, beast::string_view{user_agent.data(), user_agent.size()});
    response_.set(http::field::content_type, reply.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (reply.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive_);
    response_.content_length(reply.body.size());
    // HEAD is answered with the size of what GET would get, and without it.
    if (!is_head_) response_.body() = std::move(reply.body);
    stream_.expires_after(options_.write_timeout);
    http::async_write(
        stream_, response_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    is_head_ = false;
    if (!error && keep_alive_) return read();
    stream_.socket().shutdown(Tcp::socket::shutdown_send, error);
    close();
  }

  std::weak_ptr<asio::io_context> loop_;
  beast::tcp_stream stream_;
  const HttpServerOptions& options_;
  const HttpServer::Handler& handler_;
  Sessions& sessions_;
  asio::steady_timer reply_timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::uint64_t question_ = 0;  // moves on when one is asked and when it is answered
  unsigned version_ = 11;
  bool is_head_ = false;
  bool keep_alive_ = false;
};

}  // namespace

class HttpServer::Service {
 public:
  Service(HttpServerOptions options, Handler handler)
      : options_{std::move(options)}, handler_{std::move(handler)} {}

  ~Service() {
    loop_->stop();
    if (thread_.joinable()) thread_.join();
    for (const auto& session : std::exchange(sessions_, {})) session->close();
  }

  Result<void, std::string> bind() {
    error_code error;
    const auto address = asio::ip::make_address(options_.host, error);
    if (error) return Failure<std::string>{options_.host + " is no numeric address"};
    const Tcp::endpoint endpoint{address, options_.port};
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    const std::string where = options_.host + ":" + std::to_string(options_.port);
    const bool is_in_use = error == asio::error::address_in_use;
    return Failure<std::string>{
        where + " cannot be bound for HTTP: " + error.message() +
        (is_in_use ? "; another program has it: stop that one or choose another port" : "")};
  }

  void serve() {
    accept();
    thread_ = std::thread{[this] { loop_->run(); }};
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (error) return accept_later();
      // One too many is closed at once, without a word.
      if (sessions_.size() < options_.connections_max) begin_session(std::move(socket));
      accept();
    });
  }

  void accept_later() {
    retry_timer_.expires_after(accept_retry_delay);
    retry_timer_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  void begin_session(Tcp::socket socket) {
    auto session =
        std::make_shared<Session>(loop_, std::move(socket), options_, handler_, sessions_);
    sessions_.insert(session);
    session->read();
  }

  HttpServerOptions options_;
  Handler handler_;
  // Shared, for a moment, with a reply that comes from another thread just as the server ends.
  std::shared_ptr<asio::io_context> loop_ = std::make_shared<asio::io_context>(1);
  Tcp::acceptor acceptor_{*loop_};
  asio::steady_timer retry_timer_{*loop_};
  Sessions sessions_;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Service> service) : service_{std::move(service)} {}

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>, std::string> HttpServer::start(HttpServerOptions options,
                                                                   Handler handler) {
  auto service = std::make_unique<Service>(std::move(options), std::move(handler));
  auto bound = service->bind();
  if (!bound) return Failure<std::string>{bound.error()};
  service->serve();
  // Not make_unique: the constructor is private.
  return std::unique_ptr<HttpServer>{new HttpServer{std::move(service)}};
}

std::uint16_t HttpServer::port() const {
  return service_->port();
}

}  // namespace bridge
