#include "bridge/io/web/network_failure.hpp"

#include "bridge/core/values/assert.hpp"

namespace bridge {

std::string_view to_string(NetworkFailureKind kind) {
  switch (kind) {
    case NetworkFailureKind::resolve: return "resolve";
    case NetworkFailureKind::refused: return "refused";
    case NetworkFailureKind::unreachable: return "unreachable";
    case NetworkFailureKind::tls: return "tls";
    case NetworkFailureKind::reset: return "reset";
  }
  BRIDGE_UNREACHABLE("NetworkFailureKind");
}

}  // namespace bridge
