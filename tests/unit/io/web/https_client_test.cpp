#include "bridge/io/web/https_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/io/event_loop.hpp"
#include "tests/unit/io/web/scripted_server.hpp"

namespace bridge {
namespace {

using testing::EventLoop;
using testing::read_head;
using testing::read_to_end;
using testing::ScriptedServer;
using testing::Tcp;
using testing::write_text;

using Outcome = Result<HttpAnswer, HttpFailure>;
using Kind = HttpFailure::Kind;

std::string ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

HttpExchange request(HttpMethod method, const std::string& target = "/fapi?signature=very-secret") {
  HttpExchange exchange;
  exchange.method = method;
  exchange.target = Secret{target};
  return exchange;
}

class HttpsClientTest : public ::testing::Test {
 protected:
  void connect(const ServerAddress& address) {
    client.emplace(loop.context(), testing::unused_tls(), address);
  }

  // Sends it; the outcome's place is in `outcomes`.
  void send(HttpExchange exchange, Duration timeout = testing::patience) {
    const std::size_t index = outcomes.size();
    outcomes.emplace_back();
    client->perform(std::move(exchange), timeout, [this, index](Outcome outcome) {
      EXPECT_FALSE(outcomes[index]) << "called back twice";
      outcomes[index] = std::move(outcome);
    });
  }

  Outcome outcome(std::size_t index) {
    EXPECT_TRUE(loop.run_until([&] { return outcomes[index].has_value(); }));
    return outcomes[index].value_or(Outcome{HttpAnswer{}});
  }

  HttpAnswer answer(std::size_t index) {
    const Outcome result = outcome(index);
    EXPECT_TRUE(result) << (result ? "" : result.error().text);
    return result ? *result : HttpAnswer{};
  }

  HttpFailure failure(std::size_t index) {
    const Outcome result = outcome(index);
    EXPECT_FALSE(result);
    if (result) return {};
    EXPECT_EQ(result.error().text.find("very-secret"), std::string::npos) << result.error().text;
    EXPECT_FALSE(result.error().text.empty());
    return result.error();
  }

  EventLoop loop;
  std::optional<HttpsClient> client;
  std::vector<std::optional<Outcome>> outcomes;
};

TEST_F(HttpsClientTest, RequestHasMethodTargetAndHeaders) {
  std::string head;
  ScriptedServer server{{[&](Tcp::socket& socket) {
    head = read_head(socket);
    write_text(socket, ok("{}"));
    read_to_end(socket);
  }}};
  connect(server.address());
  HttpExchange exchange = request(HttpMethod::put, "/fapi/v1/listenKey");
  exchange.headers.push_back({.name = "X-MBX-APIKEY", .value = Secret{"key"}});
  send(std::move(exchange));
  EXPECT_EQ(answer(0).body, "{}");
  EXPECT_EQ(head.find("PUT /fapi/v1/listenKey HTTP/1.1\r\nHost: 127.0.0.1:"), 0u);
  EXPECT_NE(head.find("\r\nX-MBX-APIKEY: key\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nContent-Length: 0\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nUser-Agent: position-bridge/"), std::string::npos);
}

TEST_F(HttpsClientTest, HeadersOfTheAnswerAreRead) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    write_text(socket,
               "HTTP/1.1 429 Too Many\r\nretry-after: 17\r\nx-mbx-used-weight-1m: "
               "2399\r\nContent-Length: 0\r\n\r\n");
    read_head(socket);
    write_text(socket, ok("", "X-MBX-USED-WEIGHT-1M: -1\r\nRetry-After: tomorrow\r\n"));
    read_to_end(socket);
  }}};
  connect(server.address());
  send(request(HttpMethod::get));
  const HttpAnswer first = answer(0);
  EXPECT_EQ(first.status, 429);
  EXPECT_EQ(first.retry_after, std::chrono::seconds{17});
  EXPECT_EQ(first.used_weight_1m, 2399);
  send(request(HttpMethod::get));
  const HttpAnswer second = answer(1);
  EXPECT_EQ(second.retry_after, std::nullopt);
  EXPECT_EQ(second.used_weight_1m, -1);
}

TEST_F(HttpsClientTest, OneConnectionServesOneRequestAfterTheOther) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    for (const char* body : {"one", "two", "three"}) {
      read_head(socket);
      write_text(socket, ok(body));
    }
    read_to_end(socket);
  }}};
  connect(server.address());
  for (std::size_t i = 0; i < 3; ++i) {
    send(request(HttpMethod::post));
    EXPECT_EQ(answer(i).body, (std::vector<std::string>{"one", "two", "three"})[i]);
  }
}

TEST_F(HttpsClientTest, AnswersInPiecesInChunksAndWithoutLengthAreWhole) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    for (const char byte : ok("in pieces")) write_text(socket, {&byte, 1});
    read_head(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n");
    write_text(socket, "6\r\nchunks\r\n0\r\n\r\n");
    read_head(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\n\r\nto the end");
  }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(0).body, "in pieces");
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(1).body, "in chunks");
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(2).body, "to the end");
}

// Serves one request, and then closes the connection on the next without a word.
void forsake_second_request(Tcp::socket& socket) {
  read_head(socket);
  write_text(socket, ok("first"));
  read_head(socket);
}

TEST_F(HttpsClientTest, StaleConnectionCostsNothingWhereARepeatIsHarmless) {
  ScriptedServer server{{forsake_second_request, [](Tcp::socket& socket) {
                           read_head(socket);
                           write_text(socket, ok("repeated"));
                           read_to_end(socket);
                         }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(0).body, "first");
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(1).body, "repeated");
}

TEST_F(HttpsClientTest, StaleConnectionFailsWhatMustNotBeRepeated) {
  ScriptedServer server{{forsake_second_request}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(0).body, "first");
  send(request(HttpMethod::post));
  EXPECT_EQ(failure(1).kind, Kind::network);
}

TEST_F(HttpsClientTest, RepeatIsTriedOnce) {
  ScriptedServer server{{forsake_second_request, [](Tcp::socket& socket) { read_head(socket); }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(0).body, "first");
  send(request(HttpMethod::get));
  EXPECT_EQ(failure(1).kind, Kind::network);
}

TEST_F(HttpsClientTest, AnswerThatBreaksOffIsNotRepeated) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    write_text(socket, ok("first"));
    read_head(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbroken");
  }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(answer(0).body, "first");
  send(request(HttpMethod::get));
  EXPECT_EQ(failure(1).kind, Kind::network);
}

TEST_F(HttpsClientTest, ConnectionClosedWhileIdleIsNotUsedAgain) {
  std::atomic<bool> is_closed{false};
  ScriptedServer server{{[&](Tcp::socket& socket) {
                           read_head(socket);
                           write_text(socket, ok("first"));
                           socket.close();
                           is_closed = true;
                         },
                         [](Tcp::socket& socket) {
                           read_head(socket);
                           write_text(socket, ok("second"));
                           read_to_end(socket);
                         }}};
  connect(server.address());
  send(request(HttpMethod::post));
  EXPECT_EQ(answer(0).body, "first");
  ASSERT_TRUE(loop.run_until([&] { return is_closed.load(); }));
  loop.run_ready();
  send(request(HttpMethod::post));
  EXPECT_EQ(answer(1).body, "second");
}

TEST_F(HttpsClientTest, SilentServerTimesOut) {
  ScriptedServer server{{[](Tcp::socket& socket) { read_to_end(socket); }}};
  connect(server.address());
  send(request(HttpMethod::get), std::chrono::milliseconds{20});
  EXPECT_EQ(failure(0).kind, Kind::timeout);
}

TEST_F(HttpsClientTest, WaitingForAConnectionCountsToTheTimeout) {
  const ScriptedServer::Script silent = [](Tcp::socket& socket) { read_to_end(socket); };
  ScriptedServer server{std::vector<ScriptedServer::Script>(http_connections_max, silent)};
  connect(server.address());
  for (std::size_t i = 0; i < http_connections_max; ++i) send(request(HttpMethod::get));
  send(request(HttpMethod::get), std::chrono::milliseconds{20});
  EXPECT_EQ(failure(http_connections_max).kind, Kind::timeout);
  client->cancel_all();
}

TEST_F(HttpsClientTest, RefusedConnectionFails) {
  connect(testing::nobody());
  send(request(HttpMethod::get));
  EXPECT_EQ(failure(0).kind, Kind::network);
}

TEST_F(HttpsClientTest, WhatIsNoHttpIsMalformed) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    write_text(socket, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    read_to_end(socket);
  }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(failure(0).kind, Kind::malformed);
}

TEST_F(HttpsClientTest, BodyOverTheLimitIsRefused) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: " +
                           std::to_string(http_body_size_max + 1) + "\r\n\r\n");
    read_to_end(socket);
  }}};
  connect(server.address());
  send(request(HttpMethod::get));
  EXPECT_EQ(failure(0).kind, Kind::too_large);
}

TEST_F(HttpsClientTest, LineBreakInARequestIsNeverSent) {
  connect(testing::nobody());
  send(request(HttpMethod::get, "/a\r\nX-Injected: very-secret"));
  EXPECT_EQ(failure(0).kind, Kind::malformed);
  HttpExchange exchange = request(HttpMethod::get);
  exchange.headers.push_back({.name = "X-MBX-APIKEY", .value = Secret{"key\n"}});
  send(std::move(exchange));
  EXPECT_EQ(failure(1).kind, Kind::malformed);
}

TEST_F(HttpsClientTest, QueueHasALimit) {
  ScriptedServer server{{}};
  connect(server.address());
  for (std::size_t i = 0; i < http_connections_max + http_waiting_max + 1; ++i) {
    send(request(HttpMethod::get));
  }
  EXPECT_EQ(failure(outcomes.size() - 1).kind, Kind::overloaded);
  client->cancel_all();
}

TEST_F(HttpsClientTest, CancelledRequestsAreToldOnce) {
  ScriptedServer server{{[](Tcp::socket& socket) { read_to_end(socket); }}};
  connect(server.address());
  for (std::size_t i = 0; i < http_connections_max + 3; ++i) send(request(HttpMethod::get));
  client->cancel_all();
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(failure(i).kind, Kind::cancelled);
}

TEST_F(HttpsClientTest, DestroyedClientCallsNobody) {
  ScriptedServer server{{[](Tcp::socket& socket) { read_to_end(socket); }}};
  connect(server.address());
  send(request(HttpMethod::get));
  send(request(HttpMethod::get, "/a\nb"));
  client.reset();
  loop.run_ready();
  EXPECT_FALSE(outcomes[0]);
  EXPECT_FALSE(outcomes[1]);
}

TEST_F(HttpsClientTest, MayBeDestroyedWithinACallback) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    read_head(socket);
    write_text(socket, ok("{}"));
    read_to_end(socket);
  }}};
  connect(server.address());
  client->perform(request(HttpMethod::get), testing::patience,
                  [this](const Outcome&) { client.reset(); });
  EXPECT_TRUE(loop.run_until([&] { return !client.has_value(); }));
}

}  // namespace
}  // namespace bridge
