#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/core/values/result.hpp"

// Frames of RFC 6455, as a client reads and writes them.
namespace bridge {

enum class FrameOpcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

constexpr bool is_control(FrameOpcode opcode) {
  return opcode >= FrameOpcode::close;
}
constexpr std::size_t control_payload_size_max = 125;

struct FrameHeader {
  FrameOpcode opcode = FrameOpcode::text;
  bool is_final = true;  // of a message's fragments
  std::size_t header_size = 0;
  std::uint64_t payload_size = 0;
};

// The server broke the protocol: reserved bits or opcodes, a mask, a control frame that is long or
// in fragments, a length in more bytes than it needs.
struct BrokenFrame {};

// The header of a server's frame that `bytes` begin with; nothing when there is more of it to come.
Result<std::optional<FrameHeader>, BrokenFrame> read_frame_header(std::string_view bytes);

// Appends a whole client's frame, masked with `mask`, which must be unpredictable.
void append_frame(std::string& out, FrameOpcode opcode, std::string_view payload,
                  std::uint32_t mask);

// The payload of a close frame.
std::string close_payload(std::uint16_t code);

}  // namespace bridge
