#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/values/padded_text.hpp"
#include "bridge/io/web/websocket_frames.hpp"

namespace bridge {

// What the next bytes of a server mean.
struct WebSocketEvent {
  enum class Kind : std::uint8_t {
    need_more,  // nothing whole is left
    message,    // text or binary
    ping,
    pong,
    close,
    broken,     // the server broke the protocol; nothing that follows can be read
    too_large,  // a message above the limit is coming
  };
  Kind kind = Kind::need_more;
  // Of a message, ping, pong or close. Has text_padding readable bytes behind it, and is valid
  // until the input is next called.
  PaddedText payload{"", 0};
};

// Turns the bytes of a server into messages, without I/O. A message in one frame, which is every
// message that the exchange sends, is handed out where the socket put it and is never copied.
//
// Texts are not checked to be UTF-8: the JSON parser does that.
class WebSocketInput {
 public:
  // One read of a socket brings many frames.
  static constexpr std::size_t read_size = 64 * 1024;

  explicit WebSocketInput(std::size_t message_size_max);

  // Space for at least read_size bytes, and all of a message whose beginning is here. Moves what
  // has not been handed out yet.
  std::span<char> prepare();
  // So many bytes of the space have been filled.
  void commit(std::size_t size);

  WebSocketEvent next();

  // The bytes that next() has not looked at; for the answer to the upgrade, which precedes the
  // first frame.
  std::string_view unread() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t size);

 private:
  WebSocketEvent take(const FrameHeader& header);
  WebSocketEvent take_fragment(const FrameHeader& header, PaddedText payload);

  std::size_t message_size_max_;
  std::vector<char> bytes_;  // always text_padding longer than what may be filled
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t size_expected_ = 0;  // of the frame that begins at begin_; 0: unknown
  std::string fragments_;
  bool is_in_message_ = false;  // the first fragment has come and the last has not
};

}  // namespace bridge
