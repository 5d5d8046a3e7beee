#include "bridge/app/drivers/stream_connection.hpp"

#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {
namespace {

CloseCause to_close_cause(CloseKind kind) {
  switch (kind) {
    case CloseKind::resolve:
    case CloseKind::refused:
    case CloseKind::unreachable: return CloseCause::refused;
    case CloseKind::tls: return CloseCause::tls;
    case CloseKind::handshake: return CloseCause::handshake;
    case CloseKind::server_closed: return CloseCause::server;
    case CloseKind::reset: return CloseCause::reset;
    case CloseKind::protocol:
    case CloseKind::message_too_large:
    case CloseKind::unsent_too_large: return CloseCause::protocol;
    case CloseKind::closed: return CloseCause::requested;
  }
  BRIDGE_UNREACHABLE("not a CloseKind");
}

}  // namespace

void StreamConnection::on_open() {
  owner_.stream_opened(stream_);
}

void StreamConnection::on_read() {
  received_ = read_clocks();
}

void StreamConnection::on_frame(PaddedText frame) {
  owner_.stream_frame(stream_, frame, received_);
}

void StreamConnection::on_turn_end() {
  owner_.stream_turn_ended();
}

void StreamConnection::on_control_frame() {
  owner_.stream_alive(stream_);
}

void StreamConnection::on_closed(const CloseReason& reason) {
  owner_.stream_closed(stream_, {to_close_cause(reason.kind), reason.text});
}

}  // namespace bridge
