#include "bridge/io/web/websocket_input.hpp"

#include <algorithm>
#include <cstring>

#include "bridge/core/values/assert.hpp"

namespace bridge {

WebSocketInput::WebSocketInput(std::size_t message_size_max)
    : message_size_max_{message_size_max}, bytes_(read_size + text_padding) {}

std::span<char> WebSocketInput::prepare() {
  const std::size_t unread_size = end_ - begin_;
  if (begin_ != 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, unread_size);
    begin_ = 0;
    end_ = unread_size;
  }
  const std::size_t capacity = std::max(unread_size + read_size, size_expected_);
  if (bytes_.size() < capacity + text_padding) bytes_.resize(capacity + text_padding);
  return {bytes_.data() + end_, bytes_.size() - text_padding - end_};
}

void WebSocketInput::commit(std::size_t size) {
  end_ += size;
  BRIDGE_ASSERT(end_ + text_padding <= bytes_.size());
}

void WebSocketInput::consume(std::size_t size) {
  BRIDGE_ASSERT(size <= end_ - begin_);
  begin_ += size;
}

WebSocketEvent WebSocketInput::next() {
  using Kind = WebSocketEvent::Kind;
  while (true) {
    const auto header = read_frame_header(unread());
    if (!header) return {.kind = Kind::broken};
    if (!*header) return {.kind = Kind::need_more};
    if ((*header)->payload_size > message_size_max_) return {.kind = Kind::too_large};
    const std::size_t frame_size =
        (*header)->header_size + static_cast<std::size_t>((*header)->payload_size);
    if (end_ - begin_ < frame_size) {
      size_expected_ = frame_size;
      return {.kind = Kind::need_more};
    }
    size_expected_ = 0;
    const WebSocketEvent event = take(**header);
    if (event.kind != Kind::need_more) return event;
  }
}

// Consumes the whole frame that is here. Kind::need_more: it was a fragment of something
// unfinished.
WebSocketEvent WebSocketInput::take(const FrameHeader& header) {
  using Kind = WebSocketEvent::Kind;
  const auto payload_size = static_cast<std::size_t>(header.payload_size);
  const PaddedText payload{bytes_.data() + begin_ + header.header_size, payload_size};
  consume(header.header_size + payload_size);
  switch (header.opcode) {
    case FrameOpcode::ping: return {.kind = Kind::ping, .payload = payload};
    case FrameOpcode::pong: return {.kind = Kind::pong, .payload = payload};
    case FrameOpcode::close: return {.kind = Kind::close, .payload = payload};
    case FrameOpcode::text:
    case FrameOpcode::binary:
      if (is_in_message_) return {.kind = Kind::broken};
      if (header.is_final) return {.kind = Kind::message, .payload = payload};
      fragments_.clear();
      is_in_message_ = true;
      return take_fragment(header, payload);
    case FrameOpcode::continuation:
      if (!is_in_message_) return {.kind = Kind::broken};
      return take_fragment(header, payload);
  }
  BRIDGE_UNREACHABLE("FrameOpcode");
}

WebSocketEvent WebSocketInput::take_fragment(const FrameHeader& header, PaddedText payload) {
  using Kind = WebSocketEvent::Kind;
  if (fragments_.size() + payload.size() > message_size_max_) return {.kind = Kind::too_large};
  fragments_ += payload.view();
  if (!header.is_final) return {.kind = Kind::need_more};
  is_in_message_ = false;
  const std::size_t size = fragments_.size();
  fragments_.append(text_padding, '\0');
  return {.kind = Kind::message, .payload = PaddedText{fragments_.data(), size}};
}

}  // namespace bridge
