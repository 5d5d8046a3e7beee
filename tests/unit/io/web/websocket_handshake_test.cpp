#include "bridge/io/web/websocket_handshake.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bridge {
namespace {

// Key and accept of RFC 6455, section 1.3.
constexpr const char* key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* answer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

TEST(WebSocketHandshake, AnswerOfTheStandardIsAccepted) {
  EXPECT_TRUE(check_upgrade_answer(answer, key));
}

TEST(WebSocketHandshake, AnswerToAnotherKeyIsRefused) {
  EXPECT_FALSE(check_upgrade_answer(answer, make_websocket_key()));
}

TEST(WebSocketHandshake, AnswerWithoutUpgradeIsRefused) {
  std::string text = answer;
  text.replace(text.find("websocket"), 9, "something");
  EXPECT_FALSE(check_upgrade_answer(text, key));
}

TEST(WebSocketHandshake, RefusalTellsTheStatus) {
  const auto verdict = check_upgrade_answer(
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\nX-Echo: secret\r\n\r\n", key);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, 403);
  EXPECT_EQ(verdict.error().text.find("secret"), std::string::npos);
}

TEST(WebSocketHandshake, WhatIsNoHttpHasNoStatus) {
  const auto verdict = check_upgrade_answer("SSH-2.0-OpenSSH_9.2\r\n\r\n", key);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, 0);
}

TEST(WebSocketHandshake, KeysDiffer) {
  const std::string one = make_websocket_key();
  EXPECT_EQ(one.size(), 24u);
  EXPECT_NE(one, make_websocket_key());
}

TEST(WebSocketHandshake, RequestNamesHostAndBridge) {
  const Secret request = upgrade_request("a.example:8443", Secret{"/ws?listenKey=k"}, key);
  const std::string text{request.reveal()};
  EXPECT_EQ(text.find("GET /ws?listenKey=k HTTP/1.1\r\nHost: a.example:8443\r\n"), 0u);
  EXPECT_NE(text.find("\r\nUser-Agent: position-bridge/"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace bridge
