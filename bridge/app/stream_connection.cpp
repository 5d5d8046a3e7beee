#include "bridge/app/stream_connection.hpp"

#include "bridge/core/assert.hpp"

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

StreamEnd to_stream_end(const CloseReason& reason) {
  return {to_close_cause(reason.kind), reason.text};
}

}  // namespace bridge
