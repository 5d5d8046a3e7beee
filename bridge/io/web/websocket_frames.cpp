#include "bridge/io/web/websocket_frames.hpp"

#include <array>

namespace bridge {

namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;
// Values of the 7-bit length that say where the true one is.
constexpr std::uint8_t length_in_2_bytes = 126;
constexpr std::uint8_t length_in_8_bytes = 127;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int size) {
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

// The longer forms are for lengths that do not fit the shorter ones; the top bit is always 0.
bool is_length_well_formed(std::uint8_t short_length, std::uint64_t length) {
  if (short_length == length_in_2_bytes) return length >= length_in_2_bytes;
  if (short_length == length_in_8_bytes) return length > 0xFFFF && length >> 63 == 0;
  return true;
}

}  // namespace

Result<std::optional<FrameHeader>, BrokenFrame> read_frame_header(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const std::uint8_t first = byte_at(bytes, 0);
  const std::uint8_t second = byte_at(bytes, 1);
  const std::uint8_t opcode = first & opcode_bits;
  const std::uint8_t short_length = second & length_bits;
  if ((first & reserved_bits) != 0 || !is_known(opcode) || (second & mask_bit) != 0) {
    return Failure<BrokenFrame>{BrokenFrame{}};
  }
  FrameHeader header{.opcode = static_cast<FrameOpcode>(opcode),
                     .is_final = (first & final_bit) != 0,
                     .header_size = 2,
                     .payload_size = short_length};
  if (is_control(header.opcode) && (!header.is_final || short_length > control_payload_size_max)) {
    return Failure<BrokenFrame>{BrokenFrame{}};
  }
  if (short_length >= length_in_2_bytes) {
    const std::size_t length_size = short_length == length_in_2_bytes ? 2 : 8;
    if (bytes.size() < 2 + length_size) return std::nullopt;
    header.header_size += length_size;
    header.payload_size = read_big_endian(bytes.substr(2, length_size));
    if (!is_length_well_formed(short_length, header.payload_size)) {
      return Failure<BrokenFrame>{BrokenFrame{}};
    }
  }
  return header;
}

void append_frame(std::string& out, FrameOpcode opcode, std::string_view payload,
                  std::uint32_t mask) {
  out.push_back(static_cast<char>(final_bit | static_cast<std::uint8_t>(opcode)));
  if (payload.size() < length_in_2_bytes) {
    out.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    out.push_back(static_cast<char>(mask_bit | length_in_2_bytes));
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(static_cast<char>(mask_bit | length_in_8_bytes));
    append_big_endian(out, payload.size(), 8);
  }
  append_big_endian(out, mask, 4);
  const std::array<std::uint32_t, 4> mask_bytes{mask >> 24, mask >> 16, mask >> 8, mask};
  for (std::size_t index = 0; index < payload.size(); ++index) {
    const auto byte = static_cast<std::uint8_t>(payload[index]);
    out.push_back(static_cast<char>((byte ^ mask_bytes[index % 4]) & 0xFF));
  }
}

std::string close_payload(std::uint16_t code) {
  std::string payload;
  append_big_endian(payload, code, 2);
  return payload;
}

}  // namespace bridge
