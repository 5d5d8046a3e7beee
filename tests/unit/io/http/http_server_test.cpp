#include "bridge/io/http/http_server.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/io/event_loop.hpp"
#include "tests/unit/io/web/scripted_server.hpp"

namespace bridge {
namespace {

using testing::read_head;
using testing::read_to_end;
using testing::Tcp;
using testing::write_text;

// /hello is answered, anything else is not there.
void hello(std::string_view path, const HttpServer::Respond& respond) {
  if (path == "/hello") return respond({.body = "hello\n"});
  respond({.status = 404, .body = "nothing here\n"});
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpServer::Handler handler = hello, HttpServerOptions options = {}) {
    auto started = HttpServer::start(std::move(options), std::move(handler));
    ASSERT_TRUE(started) << started.error();
    server = std::move(*started);
  }

  Tcp::socket connect() {
    Tcp::socket socket{loop};
    socket.connect({boost::asio::ip::address_v4::loopback(), server->port()});
    return socket;
  }

  // What the server answers until it closes the connection.
  std::string exchange(const std::string& request) {
    Tcp::socket socket = connect();
    write_text(socket, request);
    return read_to_end(socket);
  }

  static std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  }

  boost::asio::io_context loop;
  std::unique_ptr<HttpServer> server;
};

bool has_status(const std::string& answer, int status) {
  return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

TEST_F(HttpServerTest, PathIsAnsweredWhateverItsQuery) {
  start();
  const std::string answer = exchange(get("/hello?verbose=1"));
  EXPECT_TRUE(has_status(answer, 200)) << answer;
  EXPECT_NE(answer.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello\n")) << answer;
}

TEST_F(HttpServerTest, StatusOfTheHandlerIsKept) {
  start();
  EXPECT_TRUE(has_status(exchange(get("/other")), 404));
}

TEST_F(HttpServerTest, HeadIsGetWithoutBody) {
  start();
  const std::string answer =
      exchange("HEAD /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_status(answer, 200)) << answer;
  EXPECT_NE(answer.find("Content-Length: 6\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, OtherMethodsAreNotAllowed) {
  start();
  const std::string answer =
      exchange("DELETE /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_status(answer, 405)) << answer;
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, BodyIsRefused) {
  start();
  EXPECT_TRUE(
      has_status(exchange("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"), 413));
}

TEST_F(HttpServerTest, WhatIsNoHttpIsRefused) {
  start();
  EXPECT_TRUE(has_status(exchange("what is this\r\n\r\n"), 400));
}

TEST_F(HttpServerTest, LargeHeaderIsRefused) {
  start(hello, {.header_size_max = 1024});
  EXPECT_TRUE(has_status(exchange("GET /hello HTTP/1.1\r\nX: " + std::string(2000, 'x')), 431));
}

TEST_F(HttpServerTest, ConnectionServesManyRequests) {
  start();
  Tcp::socket socket = connect();
  for (int i = 0; i < 3; ++i) {
    write_text(socket, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\nhello\n");
    EXPECT_TRUE(has_status(text, 200));
  }
}

TEST_F(HttpServerTest, SlowRequestIsCutOff) {
  start(hello, {.request_timeout = std::chrono::milliseconds{50}});
  Tcp::socket socket = connect();
  write_text(socket, "GET /hello HT");
  EXPECT_EQ(read_to_end(socket), "");
}

TEST_F(HttpServerTest, ConnectionsHaveALimit) {
  start(hello, {.connections_max = 1});
  Tcp::socket first = connect();
  write_text(first, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  read_head(first);
  Tcp::socket second = connect();
  EXPECT_EQ(read_to_end(second), "");
}

// Takes questions and leaves the answers to the test.
class Desk {
 public:
  HttpServer::Handler handler() {
    return [this](std::string_view, HttpServer::Respond respond) {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(respond));
    };
  }
  bool has_question() {
    const std::lock_guard lock{mutex_};
    return !waiting_.empty();
  }
  void answer(HttpReply reply) {
    const std::lock_guard lock{mutex_};
    waiting_.front()(std::move(reply));
  }

 private:
  std::mutex mutex_;
  std::vector<HttpServer::Respond> waiting_;
};

TEST_F(HttpServerTest, AnswerMayComeLaterFromAnotherThreadAndOnce) {
  Desk desk;
  start(desk.handler());
  Tcp::socket socket = connect();
  write_text(socket, get("/status"));
  ASSERT_TRUE(testing::wait_until([&] { return desk.has_question(); }));
  desk.answer({.body = "late"});
  desk.answer({.body = "later still"});
  const std::string answer = read_to_end(socket);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nlate")) << answer;
}

TEST_F(HttpServerTest, HandlerThatNeverRepliesIsAnsweredFor) {
  Desk desk;
  start(desk.handler(), {.reply_timeout = std::chrono::milliseconds{50}});
  EXPECT_TRUE(has_status(exchange(get("/status")), 503));
  desk.answer({.body = "too late"});
}

TEST_F(HttpServerTest, MayEndWhileAnAnswerIsOwed) {
  Desk desk;
  start(desk.handler());
  Tcp::socket socket = connect();
  write_text(socket, get("/status"));
  ASSERT_TRUE(testing::wait_until([&] { return desk.has_question(); }));
  server.reset();
  desk.answer({.body = "to nobody"});
  EXPECT_EQ(read_to_end(socket), "");
}

TEST_F(HttpServerTest, PortInUseIsSaidWithItsRemedy) {
  start();
  const auto second = HttpServer::start({.port = server->port()}, hello);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("127.0.0.1:" + std::to_string(server->port())), std::string::npos);
  EXPECT_NE(second.error().find("choose another port"), std::string::npos);
}

TEST_F(HttpServerTest, AddressOfAnotherMachineIsRefused) {
  EXPECT_FALSE(HttpServer::start({.host = "192.0.2.1"}, hello));
  EXPECT_FALSE(HttpServer::start({.host = "localhost"}, hello));
}

}  // namespace
}  // namespace bridge
