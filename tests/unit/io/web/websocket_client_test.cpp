#include "bridge/io/web/websocket_client.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "tests/unit/io/event_loop.hpp"
#include "tests/unit/io/web/scripted_server.hpp"

namespace bridge {
namespace {

namespace websocket = boost::beast::websocket;
using testing::EventLoop;
using testing::ScriptedServer;
using testing::Tcp;
using namespace std::string_literals;

using ServerSide = websocket::stream<Tcp::socket&>;

// A server that speaks WebSocket as Beast does, and then what the test says.
ScriptedServer::Script websocket_script(std::function<void(ServerSide&)> script) {
  return [script](Tcp::socket& socket) {
    ServerSide server{socket};
    server.accept();
    script(server);
  };
}

void say(ServerSide& server, const std::string& text) {
  server.text(true);
  server.write(boost::asio::buffer(text));
}

std::string hear(ServerSide& server) {
  boost::beast::flat_buffer buffer;
  server.read(buffer);
  return boost::beast::buffers_to_string(buffer.data());
}

// Reads until the client is gone; answers its pings and closes meanwhile.
void hear_to_end(ServerSide& server) {
  boost::beast::flat_buffer buffer;
  boost::system::error_code error;
  while (!error) server.read(buffer, error);
}

// Remembers what it was told, and does what the test wants at that moment.
class Listener final : public WebSocketHandler {
 public:
  void on_open() override { note("open", at_open); }
  void on_read() override { note("read", {}); }
  void on_frame(PaddedText frame) override {
    frames.emplace_back(frame.view());
    ++frames_in_turn;
    volatile char last = frame.data()[frame.size() + text_padding - 1];
    static_cast<void>(last);
    note("frame", at_frame);
  }
  void on_turn_end() override {
    frames_in_turn_max = std::max(frames_in_turn_max, frames_in_turn);
    frames_in_turn = 0;
    note("turn_end", at_turn_end);
  }
  void on_control_frame() override { note("control", at_control); }
  void on_closed(const CloseReason& reason) override {
    closed = reason;
    note("closed", at_closed);
  }

  int calls = 0;
  bool is_open = false;
  int control_frames = 0;
  std::vector<std::string> frames;
  int frames_in_turn = 0;
  int frames_in_turn_max = 0;
  std::optional<CloseReason> closed;

  std::function<void()> at_open;
  std::function<void()> at_frame;
  std::function<void()> at_turn_end;
  std::function<void()> at_control;
  std::function<void()> at_closed;

 private:
  void note(std::string_view what, const std::function<void()>& action) {
    ++calls;
    if (what == "open") is_open = true;
    if (what == "control") ++control_frames;
    if (action) action();
  }
};

class WebSocketClientTest : public ::testing::Test {
 protected:
  WebSocketClient& open(const ServerAddress& address) {
    client.emplace(loop.context(), testing::unused_tls(), address, listener);
    client->open(Secret{"/private/ws?listenKey=very-secret"});
    return *client;
  }

  CloseReason closed() {
    EXPECT_TRUE(loop.run_until([&] { return listener.closed.has_value(); }));
    const CloseReason reason = listener.closed.value_or(CloseReason{});
    EXPECT_EQ(reason.text.find("very-secret"), std::string::npos) << reason.text;
    EXPECT_FALSE(reason.text.empty());
    return reason;
  }

  // Runs the loop until the server has seen the client go, and asserts that the client said nothing
  // more meanwhile.
  void expect_silence_until(const std::atomic<bool>& server_has_seen_the_end) {
    const int calls_before = listener.calls;
    EXPECT_TRUE(loop.run_until([&] { return server_has_seen_the_end.load(); }));
    loop.run_ready();
    EXPECT_EQ(listener.calls, calls_before);
    EXPECT_FALSE(listener.closed);
  }

  EventLoop loop;
  Listener listener;
  std::optional<WebSocketClient> client;
};

TEST_F(WebSocketClientTest, RefusedPortIsSaidSo) {
  open(testing::nobody());
  EXPECT_EQ(closed().kind, CloseKind::refused);
  EXPECT_FALSE(listener.is_open);
}

TEST_F(WebSocketClientTest, RefusedUpgradeHasItsStatus) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    testing::read_head(socket);
    testing::write_text(socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    testing::read_to_end(socket);
  }}};
  open(server.address());
  const CloseReason reason = closed();
  EXPECT_EQ(reason.kind, CloseKind::handshake);
  EXPECT_EQ(reason.code, 403);
  EXPECT_FALSE(listener.is_open);
}

TEST_F(WebSocketClientTest, ConnectionLostWhileUpgradingIsReset) {
  ScriptedServer server{{[](Tcp::socket& socket) { testing::read_head(socket); }}};
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::reset);
}

TEST_F(WebSocketClientTest, AnswerWithoutEndIsNoUpgrade) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    testing::write_text(socket, "HTTP/1.1 101 OK\r\nX: " + std::string(20'000, 'x'));
    testing::read_to_end(socket);
  }}};
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::handshake);
}

TEST_F(WebSocketClientTest, MessagesArriveAndAreSentInOrder) {
  constexpr int count = 1000;
  ScriptedServer server{{websocket_script([](ServerSide& side) {
    for (int i = 0; i < count; ++i) say(side, "echo " + hear(side));
    hear_to_end(side);
  })}};
  listener.at_open = [&] {
    for (int i = 0; i < count; ++i) client->send_text(std::to_string(i));
  };
  open(server.address());
  ASSERT_TRUE(loop.run_until([&] { return listener.frames.size() == count; }));
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(listener.frames[static_cast<std::size_t>(i)], "echo " + std::to_string(i));
  }
}

TEST_F(WebSocketClientTest, FloodIsDeliveredInOrderAndInBoundedTurns) {
  constexpr std::size_t count = 20'000;
  ScriptedServer server{{websocket_script([](ServerSide& side) {
    for (std::size_t i = 0; i < count; ++i)
      say(side, std::to_string(i) + std::string(i % 300, ' '));
    hear_to_end(side);
  })}};
  open(server.address());
  ASSERT_TRUE(loop.run_until([&] { return listener.frames.size() == count; }));
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(listener.frames[i], std::to_string(i) + std::string(i % 300, ' '));
  }
  EXPECT_GT(listener.frames_in_turn_max, 1);
  EXPECT_LE(listener.frames_in_turn_max, websocket_frames_per_turn_max);
}

TEST_F(WebSocketClientTest, MessageOfManyReadsAndOfManyFragmentsIsWhole) {
  const std::string large(3'000'000, 'm');
  ScriptedServer server{{websocket_script([&large](ServerSide& side) {
    side.auto_fragment(false);
    say(side, large);
    side.auto_fragment(true);
    say(side, large);
    hear_to_end(side);
  })}};
  open(server.address());
  ASSERT_TRUE(loop.run_until([&] { return listener.frames.size() == 2; }));
  EXPECT_TRUE(listener.frames[0] == large);
  EXPECT_TRUE(listener.frames[1] == large);
}

// The answer to the upgrade that a key deserves.
std::string accepting_answer(const std::string& head) {
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t begin = head.find(name) + name.size();
  const std::string text =
      head.substr(begin, head.find('\r', begin) - begin) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> accept{};
  EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(digest.size()));
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, "
         "Upgrade\r\nSec-WebSocket-Accept: " +
         std::string{reinterpret_cast<const char*>(accept.data())} + "\r\n\r\n";
}

TEST_F(WebSocketClientTest, FramesRightBehindTheUpgradeAreNotLost) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    const std::string answer = accepting_answer(testing::read_head(socket));
    testing::write_text(socket, answer + "\x81\x05"s + "first" + "\x81\x06"s + "second");
    testing::read_to_end(socket);
  }}};
  open(server.address());
  ASSERT_TRUE(loop.run_until([&] { return listener.frames.size() == 2; }));
  EXPECT_EQ(listener.frames, (std::vector<std::string>{"first", "second"}));
}

TEST_F(WebSocketClientTest, PingIsAnsweredWithItsPayload) {
  std::atomic<bool> is_answered{false};
  ScriptedServer server{{websocket_script([&](ServerSide& side) {
    side.control_callback([&](websocket::frame_type type, boost::beast::string_view payload) {
      if (type == websocket::frame_type::pong && payload == "1700000000000") is_answered = true;
    });
    side.ping("1700000000000");
    hear_to_end(side);
  })}};
  open(server.address());
  EXPECT_TRUE(loop.run_until([&] { return is_answered.load(); }));
  EXPECT_EQ(listener.control_frames, 1);
}

TEST_F(WebSocketClientTest, PongOfOurPingIsNoticed) {
  ScriptedServer server{{websocket_script(hear_to_end)}};
  listener.at_open = [&] { client->ping(); };
  open(server.address());
  EXPECT_TRUE(loop.run_until([&] { return listener.control_frames == 1; }));
}

TEST_F(WebSocketClientTest, CloseOfTheServerHasItsCode) {
  ScriptedServer server{{websocket_script([](ServerSide& side) {
    boost::system::error_code ignored;
    side.close({websocket::close_code::policy_error, "you sent very-secret too often"}, ignored);
  })}};
  open(server.address());
  const CloseReason reason = closed();
  EXPECT_EQ(reason.kind, CloseKind::server_closed);
  EXPECT_EQ(reason.code, 1008);
}

TEST_F(WebSocketClientTest, ConnectionLostIsReset) {
  ScriptedServer server{{websocket_script([](ServerSide& side) { say(side, "last words"); })}};
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::reset);
  EXPECT_EQ(listener.frames, (std::vector<std::string>{"last words"}));
}

TEST_F(WebSocketClientTest, OurCloseIsAnsweredAndEndsIt) {
  std::atomic<int> code_seen{0};
  ScriptedServer server{{websocket_script([&](ServerSide& side) {
    hear_to_end(side);
    code_seen = side.reason().code;
  })}};
  listener.at_open = [&] { client->close(1001); };
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::closed);
  EXPECT_TRUE(testing::wait_until([&] { return code_seen == 1001; }));
}

TEST_F(WebSocketClientTest, BreachOfTheProtocolEndsIt) {
  ScriptedServer server{{websocket_script([](ServerSide& side) {
    testing::write_text(side.next_layer(), "\xFF\xFF"s);
    hear_to_end(side);
  })}};
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::protocol);
}

TEST_F(WebSocketClientTest, MessageOverTheLimitEndsItBeforeItHasCome) {
  ScriptedServer server{{websocket_script([](ServerSide& side) {
    testing::write_text(side.next_layer(), "\x81\x7F\0\0\0\0\x7F\0\0\0"s);
    hear_to_end(side);
  })}};
  open(server.address());
  EXPECT_EQ(closed().kind, CloseKind::message_too_large);
}

TEST_F(WebSocketClientTest, ServerThatDoesNotReadEndsIt) {
  ScriptedServer server{{[](Tcp::socket& socket) {
    testing::write_text(socket, accepting_answer(testing::read_head(socket)));
    // Reads nothing until the client has given up and closed: the end is seen by writing.
    boost::system::error_code error;
    while (!error) boost::asio::write(socket, boost::asio::buffer("\x8A\x00", 2), error);
  }}};
  open(server.address());
  const std::string piece(64 * 1024, 'x');
  ASSERT_TRUE(loop.run_until([&] {
    if (listener.is_open) client->send_text(piece);
    return listener.closed.has_value();
  }));
  EXPECT_EQ(listener.closed->kind, CloseKind::unsent_too_large);
}

TEST_F(WebSocketClientTest, WhatIsSentBeforeOpenOrAfterTheEndIsDropped) {
  WebSocketClient& unopened = open(testing::nobody());
  unopened.send_text("too early");
  unopened.ping();
  unopened.close();
  EXPECT_EQ(closed().kind, CloseKind::refused);
  unopened.send_text("too late");
  unopened.abort();
  loop.run_ready();
}

// Abort, at every step of a connection's life.

// A server that talks all the time and tells when the client has gone.
ScriptedServer::Script talking_script(std::atomic<bool>& has_ended) {
  return [&has_ended](Tcp::socket& socket) {
    try {
      ServerSide side{socket};
      side.accept();
      side.ping("?");
      while (true) say(side, "words");
    } catch (const boost::system::system_error&) {
      has_ended = true;
    }
  };
}

TEST_F(WebSocketClientTest, AbortWhileConnectingIsSilent) {
  std::atomic<bool> has_ended{false};
  ScriptedServer server{{[&](Tcp::socket& socket) {
    testing::read_to_end(socket);
    has_ended = true;
  }}};
  open(server.address()).abort();
  loop.run_ready();
  EXPECT_EQ(listener.calls, 0);
}

TEST_F(WebSocketClientTest, AbortWhileResolvingIsSilent) {
  ServerAddress address = testing::nobody();
  address.host = "localhost";
  open(address).abort();
  // The resolver's thread ends with the loop; nothing is to be waited for but that.
  loop.run_ready();
  EXPECT_EQ(listener.calls, 0);
}

TEST_F(WebSocketClientTest, AbortWhileUpgradingIsSilent) {
  std::atomic<bool> has_request{false};
  std::atomic<bool> has_ended{false};
  ScriptedServer server{{[&](Tcp::socket& socket) {
    testing::read_head(socket);
    has_request = true;
    testing::read_to_end(socket);
    has_ended = true;
  }}};
  open(server.address());
  ASSERT_TRUE(loop.run_until([&] { return has_request.load(); }));
  client->abort();
  expect_silence_until(has_ended);
}

TEST_F(WebSocketClientTest, AbortWithinEveryCallbackIsSilent) {
  for (auto moment :
       {&Listener::at_open, &Listener::at_frame, &Listener::at_turn_end, &Listener::at_control}) {
    std::atomic<bool> has_ended{false};
    ScriptedServer server{{talking_script(has_ended)}};
    bool is_aborted = false;
    listener = Listener{};
    listener.*moment = [&] {
      ASSERT_FALSE(is_aborted);
      is_aborted = true;
      client->abort();
    };
    open(server.address());
    ASSERT_TRUE(loop.run_until([&] { return is_aborted; }));
    expect_silence_until(has_ended);
  }
}

TEST_F(WebSocketClientTest, MayBeDestroyedWithinEveryCallback) {
  for (auto moment :
       {&Listener::at_open, &Listener::at_frame, &Listener::at_turn_end, &Listener::at_control}) {
    std::atomic<bool> has_ended{false};
    ScriptedServer server{{talking_script(has_ended)}};
    listener = Listener{};
    listener.*moment = [&] { client.reset(); };
    open(server.address());
    ASSERT_TRUE(loop.run_until([&] { return !client.has_value(); }));
    expect_silence_until(has_ended);
  }
}

TEST_F(WebSocketClientTest, MayBeReplacedWhenClosed) {
  ScriptedServer server{{websocket_script(hear_to_end)}};
  listener.at_closed = [&] {
    listener.at_closed = {};
    open(server.address());
  };
  open(testing::nobody());
  EXPECT_TRUE(loop.run_until([&] { return listener.is_open; }));
}

using WebSocketClientDeathTest = WebSocketClientTest;

TEST_F(WebSocketClientDeathTest, PlainConnectionLeavesThisMachineNever) {
  const ServerAddress far{.encryption = Encryption::none, .host = "192.0.2.1", .port = 80};
  EXPECT_DEATH(open(far), "is_loopback");
}

}  // namespace
}  // namespace bridge
