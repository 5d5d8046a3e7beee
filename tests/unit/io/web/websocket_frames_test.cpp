#include "bridge/io/web/websocket_frames.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bridge {
namespace {

using namespace std::string_literals;

FrameHeader header_of(const std::string& bytes) {
  const auto header = read_frame_header(bytes);
  EXPECT_TRUE(header && *header);
  return header && *header ? **header : FrameHeader{};
}

TEST(FrameHeader, ShortTextIsRead) {
  const FrameHeader header = header_of("\x81\x05hello"s);
  EXPECT_EQ(header.opcode, FrameOpcode::text);
  EXPECT_TRUE(header.is_final);
  EXPECT_EQ(header.header_size, 2u);
  EXPECT_EQ(header.payload_size, 5u);
}

TEST(FrameHeader, LengthsOfTwoAndEightBytesAreRead) {
  EXPECT_EQ(header_of("\x81\x7E\x01\x00"s).payload_size, 256u);
  EXPECT_EQ(header_of("\x81\x7E\x01\x00"s).header_size, 4u);
  EXPECT_EQ(header_of("\x82\x7F\0\0\0\0\0\x01\0\0"s).payload_size, 65'536u);
  EXPECT_EQ(header_of("\x82\x7F\0\0\0\0\0\x01\0\0"s).header_size, 10u);
}

TEST(FrameHeader, EveryPrefixOfItIsIncomplete) {
  for (const std::string& whole : {"\x81\x7E\x01\x00"s, "\x82\x7F\0\0\0\0\0\x01\0\0"s}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto header = read_frame_header(whole.substr(0, size));
      ASSERT_TRUE(header) << size;
      EXPECT_FALSE(*header) << size;
    }
  }
}

TEST(FrameHeader, BreachesOfTheProtocolAreRefused) {
  const std::string breaches[] = {
      "\xC1\x05"s,                      // a reserved bit
      "\x83\x05"s,                      // an unknown opcode
      "\x8B\x05"s,                      // an unknown control opcode
      "\x81\x85"s,                      // a mask: servers have none
      "\x09\x05"s,                      // a ping in fragments
      "\x89\x7E\x00\x7E"s,              // a ping of 126 bytes
      "\x81\x7E\x00\x7D"s,              // 125 in two bytes
      "\x81\x7F\0\0\0\0\0\0\xFF\xFF"s,  // 65,535 in eight bytes
      "\x81\x7F\x80\0\0\0\0\0\0\0"s,    // the top bit of a length
  };
  for (const std::string& bytes : breaches) EXPECT_FALSE(read_frame_header(bytes));
}

TEST(ClientFrame, IsMaskedAsTheStandardShows) {
  // The masked "Hello" of RFC 6455, section 5.7.
  std::string bytes;
  append_frame(bytes, FrameOpcode::text, "Hello", 0x37fa213d);
  EXPECT_EQ(bytes, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);
}

TEST(ClientFrame, LengthTakesTheFewestBytesThatHoldIt) {
  const auto size_of_header = [](std::size_t payload_size) {
    std::string bytes;
    append_frame(bytes, FrameOpcode::text, std::string(payload_size, 'x'), 1);
    return bytes.size() - payload_size;
  };
  EXPECT_EQ(size_of_header(0), 6u);
  EXPECT_EQ(size_of_header(125), 6u);
  EXPECT_EQ(size_of_header(126), 8u);
  EXPECT_EQ(size_of_header(65'535), 8u);
  EXPECT_EQ(size_of_header(65'536), 14u);
}

TEST(ClientFrame, ClosePayloadIsBigEndian) {
  EXPECT_EQ(close_payload(1000), "\x03\xE8"s);
}

}  // namespace
}  // namespace bridge
