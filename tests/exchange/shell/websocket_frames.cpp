#include "tests/exchange/shell/websocket_frames.hpp"

#include <array>
#include <utility>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace exchange {
namespace {

constexpr std::size_t payload_size_max = 1'048'576;
constexpr std::size_t mask_size = 4;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

bool is_control(Opcode opcode) {
  return (static_cast<unsigned>(opcode) & 0x8U) != 0;
}

std::size_t read_big_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    value = value << 8U | byte_at(bytes, index);
  }
  return value;
}

void append_big_endian(std::string& out, std::size_t value, unsigned bytes) {
  for (unsigned left = bytes; left > 0; --left) {
    out.push_back(static_cast<char>((value >> (8 * (left - 1))) & 0xffU));
  }
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  constexpr unsigned final_bit = 0x80;
  out.push_back(static_cast<char>(final_bit | static_cast<unsigned>(opcode)));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    out.push_back(126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(127);
    append_big_endian(out, payload.size(), 8);
  }
  out.append(payload);
}

std::string close_payload(int code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, static_cast<std::size_t>(code), 2);
  payload.append(reason.substr(0, 123));
  return payload;
}

std::string accept_key(std::string_view client_key) {
  const std::string joined = std::string(client_key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest.data());
  std::array<unsigned char, 32> encoded;
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

std::optional<FrameDecoder::Header> FrameDecoder::read_header() {
  const std::string_view bytes = std::string_view(buffer_).substr(position_);
  if (bytes.size() < 2) return std::nullopt;
  const std::uint8_t first = byte_at(bytes, 0);
  const std::uint8_t second = byte_at(bytes, 1);
  Header header{.final = (first & 0x80U) != 0,
                .opcode = static_cast<Opcode>(first & 0x0fU),
                .header_size = 2,
                .payload_size = second & 0x7fU};
  const std::size_t extra = header.payload_size == 126 ? 2 : header.payload_size == 127 ? 8 : 0;
  if (bytes.size() < 2 + extra) return std::nullopt;
  if (extra > 0) header.payload_size = read_big_endian(bytes.substr(2, extra));
  header.header_size = 2 + extra + mask_size;
  const bool masked = (second & 0x80U) != 0;
  const bool reserved_bits = (first & 0x70U) != 0;
  if (!masked || reserved_bits || header.payload_size > payload_size_max) {
    broken_ = true;
    return std::nullopt;
  }
  if (bytes.size() < header.header_size + header.payload_size) return std::nullopt;
  return header;
}

std::string FrameDecoder::take_payload(const Header& header) {
  const std::string_view frame = std::string_view(buffer_).substr(position_);
  const std::string_view mask = frame.substr(header.header_size - mask_size, mask_size);
  std::string payload(frame.substr(header.header_size, header.payload_size));
  for (std::size_t index = 0; index < payload.size(); ++index) {
    payload[index] = static_cast<char>(payload[index] ^ mask[index % mask_size]);
  }
  position_ += header.header_size + header.payload_size;
  return payload;
}

void FrameDecoder::drop_consumed() {
  buffer_.erase(0, position_);
  position_ = 0;
}

std::optional<Message> FrameDecoder::next() {
  while (!broken_) {
    const std::optional<Header> header = read_header();
    if (!header) break;
    Message message{.opcode = header->opcode, .payload = take_payload(*header)};
    if (is_control(header->opcode)) return message;
    if (header->opcode == Opcode::continuation) {
      if (!unfinished_) {
        broken_ = true;
        break;
      }
      unfinished_->payload += message.payload;
    } else {
      unfinished_ = std::move(message);
    }
    if (header->final) return std::exchange(unfinished_, std::nullopt);
  }
  drop_consumed();
  return std::nullopt;
}

}  // namespace exchange
