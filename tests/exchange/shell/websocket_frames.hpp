#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exchange {

// RFC 6455 as a server needs it. The frames are made here and not by a library, because an exchange
// that misbehaves on purpose must not have its pings answered or its closes completed for it.

enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa
};

/// Appends one unmasked, final frame.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// The payload of a close frame.
std::string close_payload(int code, std::string_view reason);
/// The value of Sec-WebSocket-Accept for a client's key.
std::string accept_key(std::string_view client_key);

/// A whole message, or a control frame.
struct Message {
  Opcode opcode = Opcode::text;
  std::string payload;
};

/// Takes a client's bytes as they come and gives its messages. Fragments are put together.
class FrameDecoder {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next message, if it is complete.
  std::optional<Message> next();
  /// The client broke the protocol (no mask, too large, a reserved bit): the stream is of no use.
  bool is_broken() const { return broken_; }

 private:
  struct Header {
    bool final;
    Opcode opcode;
    std::size_t header_size;
    std::size_t payload_size;
  };

  std::optional<Header> read_header();
  std::string take_payload(const Header& header);
  void drop_consumed();

  std::string buffer_;
  std::size_t position_ = 0;
  std::optional<Message> unfinished_;
  bool broken_ = false;
};

}  // namespace exchange
