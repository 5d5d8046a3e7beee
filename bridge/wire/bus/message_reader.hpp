#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/core/values/decimal.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/time.hpp"
#include "bridge/wire/bus/bus_value.hpp"

// The bus as a subscriber sees it. Words of an open set (state, trigger, side) stay text: a newer
// bridge may say new ones.
namespace bridge {

struct ReceivedPosition {
  std::string instance;
  WallTime epoch;
  std::string account;
  std::string venue;
  std::string symbol;
  std::string position_side;
  std::string side;
  Decimal size;
  Decimal entry_price;
  std::optional<Decimal> mark_price;
  std::optional<Decimal> unrealized_pnl;
  std::optional<Decimal> notional;
  std::optional<std::uint64_t> leverage;
  std::string state;
  std::string trigger;
  std::optional<WallTime> mark_time;
  WallTime received;
  WallTime published;
  std::uint64_t account_seq = 0;
  std::uint64_t seq = 0;

  bool is_flat() const { return side == "FLAT"; }
};

struct ReceivedStatus {
  std::string instance;
  WallTime epoch;
  std::string account;
  std::string venue;
  std::string state;
  bool running = false;
  bool user_connected = false;
  bool mark_connected = false;
  bool connected = false;
  std::uint64_t active_positions = 0;
  std::uint64_t subscribed_symbols = 0;
  std::string detail;
  WallTime since;
  WallTime published;
  std::uint64_t account_seq = 0;
};

struct ReceivedSequence {
  std::string account;
  std::uint64_t account_seq = 0;
};

struct ReceivedHeartbeat {
  std::string instance;
  WallTime epoch;
  std::string version;
  WallTime published;
  std::vector<ReceivedSequence> accounts;
};

struct ReceivedShutdown {
  std::string instance;
  WallTime epoch;
  WallTime published;
};

struct ReceivedSnapshot {
  std::string instance;
  WallTime epoch;
  std::string scope;
  std::string account;
  std::string state;
  std::uint64_t account_seq = 0;
  std::uint64_t part = 1;
  std::uint64_t parts = 1;
  WallTime published;
  std::optional<std::vector<ReceivedPosition>> positions;  // absent: nothing is confirmed
};

// Of a type that this reader does not know; a reader passes over it.
struct ReceivedOther {
  std::string type;
};

using BusMessage = std::variant<ReceivedPosition, ReceivedStatus, ReceivedHeartbeat,
                                ReceivedShutdown, ReceivedSnapshot, ReceivedOther>;

// One line for a log: what is wrong, and with which key.
struct MessageError {
  std::string what;
};

// Gives `value` its meaning. Unknown keys are passed over; a version other than ours, a missing key
// and one of another type are errors.
Result<BusMessage, MessageError> interpret(const BusValue& value);

// decode_bus_value and interpret in one.
Result<BusMessage, MessageError> read_message(std::string_view payload);

}  // namespace bridge
