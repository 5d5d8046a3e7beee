#pragma once

#include <cstdint>
#include <map>

#include "bridge/core/values/time.hpp"

namespace bridge {

// Reckons from libzmq's events how many peers are connected, and how many were turned away of whom
// libzmq says nothing: of one that does not speak ZMTP 3 it tells that it came and that it went.
// Nor does it tell whose handshake has succeeded. But every handshake ends within a bounded time,
// so who came longer ago than that and has had neither end must have gone without a word.
class ConnectionCensus {
 public:
  // What stands for a connection as long as it lasts: its file descriptor.
  using Connection = std::uint32_t;

  explicit ConnectionCensus(Duration handshake_max) : handshake_max_{handshake_max} {}

  void accepted(Connection connection, MonotonicTime now);
  void disconnected(Connection connection);
  // Of one that was accepted before, whichever it is.
  void handshake_ended() { --without_end_; }

  std::uint64_t connected() const { return accepted_at_.size(); }

  // How many more are known by now to have been turned away without a word: never too many, and
  // all of them when nobody has come for `handshake_max`.
  std::uint64_t take_turned_away(MonotonicTime now);

 private:
  Duration handshake_max_;
  // Not every connection that fails is said to be disconnected: the descriptor's next use puts that
  // right.
  std::map<Connection, MonotonicTime> accepted_at_;
  std::int64_t without_end_ = 0;
};

}  // namespace bridge
