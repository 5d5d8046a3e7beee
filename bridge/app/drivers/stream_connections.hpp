#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "bridge/app/drivers/stream_connection.hpp"

namespace bridge {

// The WebSockets of one session: one, and a second while it is being replaced.
class StreamConnections {
 public:
  // Aborts nothing that is there already.
  StreamConnection& add(std::unique_ptr<StreamConnection> connection) {
    return *connections_.emplace_back(std::move(connection));
  }

  // Null when it is gone.
  WebSocketClient* find(StreamNumber stream) {
    const auto found = place_of(stream);
    return found == connections_.end() ? nullptr : &(*found)->client();
  }

  void remove(StreamNumber stream) {
    const auto found = place_of(stream);
    if (found == connections_.end()) return;
    // It may be its own handler that is being called.
    const auto removed = std::move(*found);
    connections_.erase(found);
  }

 private:
  std::vector<std::unique_ptr<StreamConnection>>::iterator place_of(StreamNumber stream) {
    return std::find_if(connections_.begin(), connections_.end(),
                        [stream](const auto& one) { return one->stream() == stream; });
  }

  std::vector<std::unique_ptr<StreamConnection>> connections_;
};

}  // namespace bridge
