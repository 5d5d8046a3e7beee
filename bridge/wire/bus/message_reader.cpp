#include "bridge/wire/bus/message_reader.hpp"

#include <limits>
#include <utility>

#include "bridge/wire/bus/bus_identity.hpp"
#include "bridge/wire/text/safe_text.hpp"

namespace bridge {
namespace {

// Takes the keys of a map and remembers the first that is missing or of another type; after that
// the values mean nothing.
class MapReader {
 public:
  explicit MapReader(const BusValue& map) : map_{map} {}

  std::string text(std::string_view key) {
    if (const auto* text = get<std::string>(key)) return *text;
    return {};
  }

  bool truth(std::string_view key) {
    const auto* truth = get<bool>(key);
    return truth != nullptr && *truth;
  }

  std::uint64_t number(std::string_view key) {
    if (const auto* number = get<std::uint64_t>(key)) return *number;
    return 0;
  }
  std::optional<std::uint64_t> optional_number(std::string_view key) {
    if (is_nil(key)) return std::nullopt;
    return number(key);
  }

  WallTime time(std::string_view key) {
    const std::uint64_t us = number(key);
    if (us > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) complain(key);
    return WallTime{Duration{static_cast<std::int64_t>(us)}};
  }
  std::optional<WallTime> optional_time(std::string_view key) {
    if (is_nil(key)) return std::nullopt;
    return time(key);
  }

  Decimal decimal(std::string_view key) {
    const auto* text = get<std::string>(key);
    if (text == nullptr) return {};
    const auto decimal = Decimal::parse(*text);
    if (!decimal) complain(key);
    return decimal.value_or(Decimal{});
  }
  std::optional<Decimal> optional_decimal(std::string_view key) {
    if (is_nil(key)) return std::nullopt;
    return decimal(key);
  }

  const BusValue::Map* map(std::string_view key) { return get<BusValue::Map>(key); }
  const BusValue::List* list(std::string_view key) { return get<BusValue::List>(key); }

  bool is_nil(std::string_view key) const {
    const BusValue* found = map_.find(key);
    return found != nullptr && found->is_nil();
  }

  void complain(std::string_view key) {
    if (!error_) error_ = "key " + std::string{key} + " is missing or of another type";
  }
  void complain_as(std::string what) {
    if (!error_) error_ = std::move(what);
  }
  const std::optional<std::string>& error() const { return error_; }

 private:
  template <class T>
  const T* get(std::string_view key) {
    const BusValue* found = map_.find(key);
    const T* value = found == nullptr ? nullptr : std::get_if<T>(&found->value);
    if (value == nullptr) complain(key);
    return value;
  }

  const BusValue& map_;
  std::optional<std::string> error_;
};

ReceivedPosition read_position(MapReader& reader) {
  ReceivedPosition position;
  position.instance = reader.text("instance");
  position.epoch = reader.time("epoch");
  position.account = reader.text("account");
  position.venue = reader.text("venue");
  position.symbol = reader.text("symbol");
  position.position_side = reader.text("position_side");
  position.side = reader.text("side");
  position.size = reader.decimal("size");
  position.entry_price = reader.decimal("entry_price");
  position.mark_price = reader.optional_decimal("mark_price");
  position.unrealized_pnl = reader.optional_decimal("unrealized_pnl");
  position.notional = reader.optional_decimal("notional");
  position.leverage = reader.optional_number("leverage");
  position.state = reader.text("state");
  position.trigger = reader.text("trigger");
  position.mark_time = reader.optional_time("mark_time_us");
  position.received = reader.time("received_us");
  position.published = reader.time("published_us");
  position.account_seq = reader.number("account_seq");
  position.seq = reader.number("seq");
  return position;
}

ReceivedStatus read_status(MapReader& reader) {
  ReceivedStatus status;
  status.instance = reader.text("instance");
  status.epoch = reader.time("epoch");
  status.account = reader.text("account");
  status.venue = reader.text("venue");
  status.state = reader.text("state");
  status.running = reader.truth("running");
  status.user_connected = reader.truth("user_connected");
  status.mark_connected = reader.truth("mark_connected");
  status.connected = reader.truth("connected");
  status.active_positions = reader.number("active_positions");
  status.subscribed_symbols = reader.number("subscribed_symbols");
  status.detail = reader.text("detail");
  status.since = reader.time("since_us");
  status.published = reader.time("published_us");
  status.account_seq = reader.number("account_seq");
  return status;
}

ReceivedHeartbeat read_heartbeat(MapReader& reader) {
  ReceivedHeartbeat heartbeat;
  heartbeat.instance = reader.text("instance");
  heartbeat.epoch = reader.time("epoch");
  heartbeat.version = reader.text("version");
  heartbeat.published = reader.time("published_us");
  const auto* accounts = reader.map("accounts");
  if (accounts == nullptr) return heartbeat;
  for (const auto& [account, sequence] : *accounts) {
    const auto* number = std::get_if<std::uint64_t>(&sequence.value);
    if (number == nullptr) reader.complain("accounts");
    heartbeat.accounts.push_back({account, number == nullptr ? 0 : *number});
  }
  return heartbeat;
}

ReceivedShutdown read_shutdown(MapReader& reader) {
  ReceivedShutdown shutdown;
  shutdown.instance = reader.text("instance");
  shutdown.epoch = reader.time("epoch");
  shutdown.published = reader.time("published_us");
  return shutdown;
}

std::vector<ReceivedPosition> read_positions(MapReader& reader) {
  std::vector<ReceivedPosition> positions;
  const auto* list = reader.list("positions");
  if (list == nullptr) return positions;
  for (const BusValue& element : *list) {
    MapReader position{element};
    positions.push_back(read_position(position));
    if (position.error()) reader.complain_as(*position.error());
  }
  return positions;
}

ReceivedSnapshot read_snapshot(MapReader& reader) {
  ReceivedSnapshot snapshot;
  snapshot.instance = reader.text("instance");
  snapshot.epoch = reader.time("epoch");
  snapshot.scope = reader.text("scope");
  snapshot.account = reader.text("account");
  snapshot.state = reader.text("state");
  snapshot.account_seq = reader.number("account_seq");
  snapshot.part = reader.number("part");
  snapshot.parts = reader.number("parts");
  snapshot.published = reader.time("published_us");
  if (!reader.is_nil("positions")) snapshot.positions = read_positions(reader);
  return snapshot;
}

BusMessage read_by_type(MapReader& reader) {
  std::string type = reader.text("type");
  if (type == "position.update") return read_position(reader);
  if (type == "account.status") return read_status(reader);
  if (type == "bridge.heartbeat") return read_heartbeat(reader);
  if (type == "bridge.shutdown") return read_shutdown(reader);
  if (type == "position.snapshot") return read_snapshot(reader);
  return ReceivedOther{safe_text(type)};
}

}  // namespace

Result<BusMessage, MessageError> interpret(const BusValue& value) {
  MapReader reader{value};
  const std::uint64_t version = reader.number("v");
  if (!reader.error() && version != bus_version) {
    return Failure<MessageError>{MessageError{"version " + std::to_string(version) +
                                              ", of which this reader knows nothing"}};
  }
  BusMessage message = read_by_type(reader);
  if (reader.error()) return Failure<MessageError>{MessageError{*reader.error()}};
  return message;
}

Result<BusMessage, MessageError> read_message(std::string_view payload) {
  const auto value = decode_bus_value(payload);
  if (!value) {
    return Failure<MessageError>{
        MessageError{"not a message of the bus: " + std::string{to_string(value.error())}}};
  }
  return interpret(*value);
}

}  // namespace bridge
