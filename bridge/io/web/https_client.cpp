#include "bridge/io/web/https_client.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/io/web/byte_stream.hpp"
#include "bridge/io/web/http_date.hpp"
#include "bridge/io/web/user_agent.hpp"

namespace bridge {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_size = 64 * 1024;

// A server that sees it twice is where it would be had it seen it once.
bool is_repeatable(HttpMethod method) {
  return method == HttpMethod::get || method == HttpMethod::put;
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char byte) { return static_cast<unsigned char>(byte) < 0x20; });
}

// Whether it says what its parts say: a line break in a part would make it another request.
bool is_well_formed(const HttpExchange& exchange) {
  const auto is_header_well_formed = [](const HttpHeader& header) {
    return is_one_line(header.name) && is_one_line(header.value.reveal());
  };
  const std::string_view target = exchange.target.reveal();
  return is_one_line(target) && target.find(' ') == std::string_view::npos &&
         std::all_of(exchange.headers.begin(), exchange.headers.end(), is_header_well_formed);
}

Secret serialize(const HttpExchange& exchange, std::string_view authority) {
  std::size_t size = exchange.target.reveal().size() + authority.size() + 256;
  for (const HttpHeader& header : exchange.headers) {
    size += header.name.size() + header.value.reveal().size() + 4;
  }
  std::string text;
  text.reserve(size);  // all of it, so that no copy of a secret is left behind by growing
  text.append(to_string(exchange.method)).append(" ").append(exchange.target.reveal());
  text.append(" HTTP/1.1\r\nHost: ").append(authority);
  text.append("\r\nUser-Agent: ").append(user_agent).append("\r\nAccept: application/json\r\n");
  if (exchange.method != HttpMethod::get) text.append("Content-Length: 0\r\n");
  for (const HttpHeader& header : exchange.headers) {
    text.append(header.name).append(": ").append(header.value.reveal()).append("\r\n");
  }
  text.append("\r\n");
  return Secret{std::move(text)};
}

std::optional<std::int64_t> parse_integer(boost::beast::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || last != end) return std::nullopt;
  return value;
}

// A ban lasts days at most; more is no number to wait for.
constexpr std::int64_t retry_after_s_max = 30 * 24 * 3600;

std::optional<Duration> parse_retry_after(boost::beast::string_view text) {
  const auto seconds = parse_integer(text);
  if (!seconds || *seconds < 0 || *seconds > retry_after_s_max) return std::nullopt;
  return std::chrono::seconds{*seconds};
}

std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

using AnswerParser = http::response_parser<http::string_body>;

HttpAnswer to_answer(AnswerParser& parser) {
  AnswerParser::value_type& message = parser.get();
  return {.status = static_cast<int>(message.result_int()),
          .body = std::move(message.body()),
          .retry_after = parse_retry_after(message[http::field::retry_after]),
          .used_weight_1m = parse_integer(message["X-MBX-USED-WEIGHT-1M"]),
          .date = parse_http_date(to_view(message[http::field::date]))};
}

HttpFailure cancelled() {
  return {.kind = HttpFailure::Kind::cancelled, .text = "the request was cancelled"};
}

using Outcome = Result<HttpAnswer, HttpFailure>;

}  // namespace

std::string_view to_string(HttpFailure::Kind kind) {
  switch (kind) {
    case HttpFailure::Kind::network: return "network";
    case HttpFailure::Kind::timeout: return "timeout";
    case HttpFailure::Kind::malformed: return "malformed";
    case HttpFailure::Kind::too_large: return "too_large";
    case HttpFailure::Kind::overloaded: return "overloaded";
    case HttpFailure::Kind::cancelled: return "cancelled";
  }
  BRIDGE_UNREACHABLE("HttpFailure::Kind");
}

namespace {

// A request from perform() to its callback.
struct Request {
  Request(asio::io_context& loop, HttpExchange what, HttpsClient::Callback whom)
      : exchange{std::move(what)}, callback{std::move(whom)}, timer{loop} {}

  HttpExchange exchange;
  HttpsClient::Callback callback;  // empty once called
  asio::steady_timer timer;
  bool was_repeated = false;
};

class Connection;

// Told by a connection how it goes. Each may end with the connection closed.
class ConnectionOwner {
 public:
  virtual void on_outcome(Connection& connection, std::shared_ptr<Request> request,
                          Outcome outcome) = 0;
  // The server had closed this kept-alive connection, and answered nothing.
  virtual void on_stale(Connection& connection, std::shared_ptr<Request> request,
                        HttpFailure failure) = 0;
  virtual void on_closed_while_idle(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

// One kept-alive connection, which serves one request after the other. It reads at all times, so
// that it notices when the server closes it while it is idle.
class Connection final : public ByteStreamUser, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& loop, TlsContext tls, const ServerAddress& server,
             ConnectionOwner& owner)
      : owner_{owner},
        authority_{server.authority()},
        stream_{ByteStream::create(loop, std::move(tls), server)},
        space_(read_size) {}

  void open_with(std::shared_ptr<Request> request) {
    request_ = std::move(request);
    stream_->open(shared_from_this());
  }

  void serve(std::shared_ptr<Request> request) {
    BRIDGE_ASSERT(is_idle());
    request_ = std::move(request);
    send_request();
  }

  void close() {
    is_closed_ = true;
    request_.reset();
    stream_->close();
  }

  bool is_closed() const { return is_closed_; }
  bool is_idle() const { return is_connected_ && !is_closed_ && !request_; }
  MonotonicTime idle_since() const { return idle_since_; }
  const std::shared_ptr<Request>& request() const { return request_; }

  void on_connected() override {
    is_connected_ = true;
    stream_->read(space_);
    send_request();
  }

  void on_written() override { sending_ = Secret{}; }

  void on_bytes(std::size_t size) override {
    if (!request_) {
      // Nothing was asked. Who knows what this server takes for our next question.
      close();
      return owner_.on_closed_while_idle(*this);
    }
    has_answer_begun_ = true;
    if (!parse({space_.data(), size})) return;
    if (!parser_->is_done()) return stream_->read(space_);
    finish_answer();
  }

  void on_failure(const NetworkFailure& failure) override {
    is_closed_ = true;
    if (request_ && parser_ && is_whole_without_more()) return finish_answer();
    std::shared_ptr<Request> request = std::move(request_);
    if (!request) return owner_.on_closed_while_idle(*this);
    HttpFailure report{.kind = HttpFailure::Kind::network, .text = failure.text};
    const bool is_stale = requests_served_ > 0 && !has_answer_begun_;
    if (is_stale) return owner_.on_stale(*this, std::move(request), std::move(report));
    owner_.on_outcome(*this, std::move(request), Failure<HttpFailure>{std::move(report)});
  }

 private:
  void send_request() {
    has_answer_begun_ = false;
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(http_body_size_max);
    sending_ = serialize(request_->exchange, authority_);
    stream_->write(sending_.reveal());
  }

  // False: it was not HTTP, and the request has failed.
  bool parse(std::string_view bytes) {
    unparsed_ += bytes;
    std::size_t used = 1;
    while (used != 0 && !unparsed_.empty() && !parser_->is_done()) {
      boost::system::error_code error;
      used = parser_->put(asio::buffer(unparsed_), error);
      unparsed_.erase(0, used);
      if (error && error != http::error::need_more) {
        fail_answer(error);
        return false;
      }
    }
    return true;
  }

  // Whether the answer is one that ends where the connection does.
  bool is_whole_without_more() {
    if (!parser_->is_header_done() || !parser_->need_eof()) return false;
    boost::system::error_code error;
    parser_->put_eof(error);
    return !error && parser_->is_done();
  }

  void finish_answer() {
    // Bytes behind the answer belong to no question of ours.
    if (!parser_->keep_alive() || !unparsed_.empty()) is_closed_ = true;
    end_request(to_answer(*parser_));
  }

  void fail_answer(boost::system::error_code error) {
    is_closed_ = true;
    const bool is_too_large = error == http::error::body_limit;
    end_request(Failure<HttpFailure>{
        {.kind = is_too_large ? HttpFailure::Kind::too_large : HttpFailure::Kind::malformed,
         .text = authority_ + ": " + error.message()}});
  }

  void end_request(Outcome outcome) {
    ++requests_served_;
    idle_since_ = read_monotonic_clock();
    std::shared_ptr<Request> request = std::move(request_);
    if (is_closed_) {
      stream_->close();
    } else {
      stream_->read(space_);
    }
    owner_.on_outcome(*this, std::move(request), std::move(outcome));
  }

  ConnectionOwner& owner_;
  std::string authority_;
  std::shared_ptr<ByteStream> stream_;
  std::vector<char> space_;
  std::shared_ptr<Request> request_;
  Secret sending_;
  std::optional<AnswerParser> parser_;
  std::string unparsed_;
  bool is_connected_ = false;
  bool is_closed_ = false;
  bool has_answer_begun_ = false;
  int requests_served_ = 0;
  MonotonicTime idle_since_{};
};

}  // namespace

class HttpsClient::Pool final : public ConnectionOwner, public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::io_context& loop, TlsContext tls, ServerAddress server)
      : loop_{loop}, tls_{std::move(tls)}, server_{std::move(server)} {}

  void perform(HttpExchange exchange, Duration timeout, Callback callback) {
    auto request = std::make_shared<Request>(loop_, std::move(exchange), std::move(callback));
    if (!is_well_formed(request->exchange)) {
      return fail_later(std::move(request), {.kind = HttpFailure::Kind::malformed,
                                             .text = "the request holds a line break"});
    }
    if (waiting_.size() >= http_waiting_max) {
      return fail_later(std::move(request), {.kind = HttpFailure::Kind::overloaded,
                                             .text = "too many requests are waiting"});
    }
    request->timer.expires_after(timeout);
    request->timer.async_wait([pool = weak_from_this(), request](boost::system::error_code error) {
      const std::shared_ptr<Pool> self = pool.lock();
      if (!error && self) self->time_out(request);
    });
    waiting_.push_back(std::move(request));
    serve_waiting();
  }

  void cancel_all() {
    std::deque<std::shared_ptr<Request>> requests = std::move(waiting_);
    waiting_.clear();
    for (const auto& connection : connections_) {
      if (connection->request()) requests.push_back(connection->request());
      connection->close();
    }
    connections_.clear();
    for (auto& request : requests) fail_later(std::move(request), cancelled());
  }

  void shut_down() {
    is_shut_down_ = true;
    cancel_all();
  }

  void on_outcome(Connection& connection, std::shared_ptr<Request> request,
                  Outcome outcome) override {
    const auto self = shared_from_this();  // the callback may destroy the client
    if (connection.is_closed()) remove(connection);
    serve_waiting();
    complete(*request, std::move(outcome));
  }

  void on_stale(Connection& connection, std::shared_ptr<Request> request,
                HttpFailure failure) override {
    if (request->was_repeated || !is_repeatable(request->exchange.method)) {
      return on_outcome(connection, std::move(request), Failure<HttpFailure>{std::move(failure)});
    }
    remove(connection);
    request->was_repeated = true;
    waiting_.push_front(std::move(request));
    serve_waiting();
  }

  void on_closed_while_idle(Connection& connection) override {
    remove(connection);
    serve_waiting();
  }

 private:
  void serve_waiting() {
    close_those_idle_too_long();
    while (!waiting_.empty()) {
      const auto idle = std::find_if(connections_.begin(), connections_.end(),
                                     [](const auto& connection) { return connection->is_idle(); });
      if (idle == connections_.end() && connections_.size() == http_connections_max) return;
      std::shared_ptr<Request> request = std::move(waiting_.front());
      waiting_.pop_front();
      if (idle != connections_.end()) {
        (*idle)->serve(std::move(request));
      } else {
        connections_.push_back(std::make_shared<Connection>(loop_, tls_, server_, *this));
        connections_.back()->open_with(std::move(request));
      }
    }
  }

  void close_those_idle_too_long() {
    const MonotonicTime now = read_monotonic_clock();
    std::erase_if(connections_, [now](const auto& connection) {
      if (!connection->is_idle() || now - connection->idle_since() < http_idle_max) return false;
      connection->close();
      return true;
    });
  }

  void time_out(const std::shared_ptr<Request>& request) {
    std::erase(waiting_, request);
    std::erase_if(connections_, [&request](const auto& connection) {
      if (connection->request() != request) return false;
      connection->close();
      return true;
    });
    const auto self = shared_from_this();
    serve_waiting();
    complete(*request, Failure<HttpFailure>{{.kind = HttpFailure::Kind::timeout,
                                             .text = server_.authority() + ": no answer in time"}});
  }

  void fail_later(std::shared_ptr<Request> request, HttpFailure failure) {
    asio::post(loop_, [self = shared_from_this(), request = std::move(request),
                       failure = std::move(failure)] {
      self->complete(*request, Failure<HttpFailure>{failure});
    });
  }

  void complete(Request& request, Outcome outcome) {
    request.timer.cancel();
    // Whatever comes first completes it: an answer, or a timer that was already on its way.
    const Callback callback = std::exchange(request.callback, nullptr);
    if (callback && !is_shut_down_) callback(std::move(outcome));
  }

  void remove(const Connection& connection) {
    std::erase_if(connections_, [&](const auto& other) { return other.get() == &connection; });
  }

  asio::io_context& loop_;
  TlsContext tls_;
  ServerAddress server_;
  std::deque<std::shared_ptr<Request>> waiting_;
  std::vector<std::shared_ptr<Connection>> connections_;
  bool is_shut_down_ = false;
};

HttpsClient::HttpsClient(asio::io_context& loop, TlsContext tls, ServerAddress server)
    : pool_{std::make_shared<Pool>(loop, std::move(tls), std::move(server))} {}

HttpsClient::~HttpsClient() {
  pool_->shut_down();
}

void HttpsClient::perform(HttpExchange exchange, Duration timeout, Callback callback) {
  pool_->perform(std::move(exchange), timeout, std::move(callback));
}

void HttpsClient::cancel_all() {
  pool_->cancel_all();
}

}  // namespace bridge
