#include "bridge/io/web/websocket_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bridge {
namespace {

using namespace std::string_literals;
using Kind = WebSocketEvent::Kind;

constexpr std::size_t size_max = 200'000;

// A server's frame, which has no mask.
std::string frame(char first, const std::string& payload) {
  std::string bytes(1, first);
  const auto size = payload.size();
  if (size < 126) {
    bytes += static_cast<char>(size);
  } else if (size <= 0xFFFF) {
    bytes += {'\x7E', static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)};
  } else {
    bytes += "\x7F\0\0\0\0"s;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xFF);
  }
  return bytes + payload;
}

std::string text(const std::string& payload) {
  return frame('\x81', payload);
}

void feed(WebSocketInput& input, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> space = input.prepare();
    const std::size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.data(), size, space.data());
    input.commit(size);
    bytes.remove_prefix(size);
  }
}

std::string next_message(WebSocketInput& input) {
  const WebSocketEvent event = input.next();
  EXPECT_EQ(event.kind, Kind::message);
  return std::string{event.payload.view()};
}

TEST(WebSocketInput, ManyFramesOfOneReadComeInOrder) {
  WebSocketInput input{size_max};
  feed(input, text("one") + text("") + frame('\x82', "three"));
  EXPECT_EQ(next_message(input), "one");
  EXPECT_EQ(next_message(input), "");
  EXPECT_EQ(next_message(input), "three");
  EXPECT_EQ(input.next().kind, Kind::need_more);
}

TEST(WebSocketInput, BytesOneByOneMakeTheSameMessages) {
  WebSocketInput input{size_max};
  const std::string bytes =
      text("first") + frame('\x89', "p") + text(std::string(300, 'x')) + text("last");
  std::vector<std::string> seen;
  for (const char byte : bytes) {
    feed(input, {&byte, 1});
    for (auto event = input.next(); event.kind != Kind::need_more; event = input.next()) {
      seen.emplace_back(event.payload.view());
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "p", std::string(300, 'x'), "last"}));
}

TEST(WebSocketInput, MessageLargerThanAReadIsWhole) {
  WebSocketInput input{size_max};
  const std::string large(size_max, 'y');
  feed(input, text("before") + text(large) + text("after"));
  EXPECT_EQ(next_message(input), "before");
  EXPECT_EQ(next_message(input), large);
  EXPECT_EQ(next_message(input), "after");
}

TEST(WebSocketInput, PaddingBehindEveryMessageIsReadable) {
  WebSocketInput input{size_max};
  // Fills the space to its last byte.
  const std::size_t space = input.prepare().size();
  feed(input, text(std::string(space - 4, 'z')));
  const WebSocketEvent event = input.next();
  ASSERT_EQ(event.kind, Kind::message);
  // The address sanitizer is what sees a byte too many.
  volatile char sum = 0;
  for (std::size_t i = 0; i < text_padding; ++i) {
    sum = static_cast<char>(sum ^ event.payload.data()[event.payload.size() + i]);
  }
  EXPECT_EQ(event.payload.size(), space - 4);
}

TEST(WebSocketInput, FragmentsMakeOneMessageAroundAPing) {
  WebSocketInput input{size_max};
  feed(input, frame('\x01', "he") + frame('\x89', "now") + frame('\x00', "ll") +
                  frame('\x80', "o") + text("next"));
  EXPECT_EQ(input.next().kind, Kind::ping);
  EXPECT_EQ(next_message(input), "hello");
  EXPECT_EQ(next_message(input), "next");
}

TEST(WebSocketInput, FragmentsOutOfPlaceAreABreach) {
  WebSocketInput continuation{size_max};
  feed(continuation, frame('\x80', "of nothing"));
  EXPECT_EQ(continuation.next().kind, Kind::broken);
  WebSocketInput interrupted{size_max};
  feed(interrupted, frame('\x01', "he") + text("other"));
  EXPECT_EQ(interrupted.next().kind, Kind::broken);
}

TEST(WebSocketInput, TooLargeIsSaidBeforeTheMessageHasCome) {
  WebSocketInput input{size_max};
  feed(input, text(std::string(size_max + 1, 'x')).substr(0, 10));
  EXPECT_EQ(input.next().kind, Kind::too_large);
}

TEST(WebSocketInput, TooLargeIsSaidOfTheSumOfFragments) {
  WebSocketInput input{size_max};
  feed(input, frame('\x01', std::string(size_max, 'x')) + frame('\x80', "y"));
  EXPECT_EQ(input.next().kind, Kind::too_large);
}

TEST(WebSocketInput, ControlFramesCarryTheirPayload) {
  WebSocketInput input{size_max};
  feed(input, frame('\x89', "ping") + frame('\x8A', "pong") + frame('\x88', "\x03\xE8"));
  for (const auto& [kind, payload] :
       {std::pair{Kind::ping, "ping"s}, std::pair{Kind::pong, "pong"s},
        std::pair{Kind::close, "\x03\xE8"s}}) {
    const WebSocketEvent event = input.next();
    EXPECT_EQ(event.kind, kind);
    EXPECT_EQ(event.payload.view(), payload);
  }
}

}  // namespace
}  // namespace bridge
