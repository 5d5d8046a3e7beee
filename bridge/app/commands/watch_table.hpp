#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>

#include "bridge/core/values/time.hpp"
#include "bridge/wire/bus/message_reader.hpp"

namespace bridge {

// What a subscriber knows of the open positions, drawn as a table for a terminal.
class WatchTable {
 public:
  void apply(const BusMessage& message, Now received);

  enum class Colors { no, yes };
  // At most `height` lines, each ended by a line break.
  std::string render(std::size_t height, Now now, Colors colors) const;

 private:
  // A position as its topic names it: account, symbol, position side.
  using Key = std::tuple<std::string, std::string, std::string>;

  void start_epoch(const std::string& instance, WallTime epoch);
  void take(const ReceivedPosition& position);
  void take(const ReceivedStatus& status);
  void take(const ReceivedSnapshot& snapshot);
  std::string headline(Now now) const;

  std::string instance_;
  WallTime epoch_;
  bool is_shut_down_ = false;
  MonotonicTime heard_at_;
  bool has_heard_ = false;
  std::map<std::string, ReceivedStatus> accounts_;
  std::map<Key, ReceivedPosition> positions_;
};

}  // namespace bridge
