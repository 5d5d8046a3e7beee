#include "bridge/wire/bus/bus_messages.hpp"

#include <msgpack.hpp>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

// A string that msgpack-cxx writes to.
class StringSink {
 public:
  void write(const char* bytes, std::size_t size) { bytes_.append(bytes, size); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// One map, key by key. The keys are announced with their number, which is checked at the end.
class MessageMap {
 public:
  MessageMap(std::uint32_t size, std::string_view type, const BusIdentity& identity)
      : keys_left_{size} {
    packer_.pack_map(size);
    number("v", bus_version);
    text("type", type);
    text("instance", identity.instance);
    time("epoch", identity.epoch);
  }

  void text(std::string_view name, std::string_view value) {
    key(name);
    string(valid_utf8(value));
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    packer_.pack_uint64(value);
  }
  void truth(std::string_view name, bool value) {
    key(name);
    value ? packer_.pack_true() : packer_.pack_false();
  }
  void time(std::string_view name, WallTime value) {
    key(name);
    packer_.pack_int64(to_us(value));
  }
  void nil(std::string_view name) {
    key(name);
    packer_.pack_nil();
  }
  // The `size` elements follow as raw bytes.
  void list(std::string_view name, std::size_t size) {
    key(name);
    packer_.pack_array(static_cast<std::uint32_t>(size));
  }
  void raw(std::string_view bytes) { sink_.write(bytes.data(), bytes.size()); }

  void sequences(std::string_view name, std::span<const AccountSequence> accounts) {
    key(name);
    packer_.pack_map(static_cast<std::uint32_t>(accounts.size()));
    for (const AccountSequence& account : accounts) {
      string(valid_utf8(account.account));
      packer_.pack_uint64(account.account_seq);
    }
  }

  std::string take() {
    BRIDGE_ASSERT(keys_left_ == 0);
    return sink_.take();
  }

 private:
  void key(std::string_view name) {
    BRIDGE_ASSERT(keys_left_ > 0);
    --keys_left_;
    string(name);
  }
  void string(std::string_view value) {
    packer_.pack_str(static_cast<std::uint32_t>(value.size()));
    packer_.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }

  std::uint32_t keys_left_;
  StringSink sink_;
  msgpack::packer<StringSink> packer_{sink_};
};

struct SnapshotPart {
  std::size_t position_count = 0;
  std::string positions;  // as msgpack
};

std::vector<SnapshotPart> parts_of(PositionUpdateEncoder& encoder,
                                   std::span<const PositionUpdate> positions, WallTime published) {
  std::vector<SnapshotPart> parts(1);
  for (const PositionUpdate& position : positions) {
    const std::string_view bytes = encoder.encode(position, published);
    const SnapshotPart& last = parts.back();
    if (last.position_count > 0 && last.positions.size() + bytes.size() > snapshot_part_size_max)
      parts.emplace_back();
    parts.back().positions.append(bytes);
    ++parts.back().position_count;
  }
  return parts;
}

std::string encode_part(const BusIdentity& identity, const PositionSnapshot& snapshot,
                        const SnapshotPart& part, std::size_t number, std::size_t count,
                        WallTime published) {
  MessageMap message{12, "position.snapshot", identity};
  message.text("scope", snapshot.scope);
  message.text("account", snapshot.account.name);
  message.text("state", to_string(snapshot.state));
  message.number("account_seq", snapshot.account_seq);
  message.number("part", number);
  message.number("parts", count);
  message.time("published_us", published);
  if (snapshot.positions) {
    message.list("positions", part.position_count);
    message.raw(part.positions);
  } else {
    message.nil("positions");
  }
  return message.take();
}

}  // namespace

std::string encode_account_status(const BusIdentity& identity, const AccountStatus& status,
                                  WallTime published) {
  MessageMap message{19, "account.status", identity};
  message.text("account", status.account.name);
  message.text("venue", to_string(status.account.venue));
  message.text("state", to_string(status.state));
  message.truth("running", status.running);
  message.truth("user_connected", status.user_connected);
  message.truth("mark_connected", status.mark_connected);
  message.truth("connected", status.connected());
  message.number("active_positions", status.active_positions);
  message.number("subscribed_symbols", status.subscribed_symbols);
  message.text("detail", status.detail);
  message.time("since_us", status.since);
  message.text("evidence", to_string(status.evidence));
  if (status.confirmed) {
    message.time("confirmed_us", *status.confirmed);
  } else {
    message.nil("confirmed_us");
  }
  message.time("published_us", published);
  message.number("account_seq", status.account_seq);
  return message.take();
}

std::string encode_heartbeat(const BusIdentity& identity, std::string_view version,
                             std::span<const AccountSequence> accounts, WallTime published) {
  MessageMap message{7, "bridge.heartbeat", identity};
  message.text("version", version);
  message.time("published_us", published);
  message.sequences("accounts", accounts);
  return message.take();
}

std::string encode_shutdown(const BusIdentity& identity, WallTime published) {
  MessageMap message{5, "bridge.shutdown", identity};
  message.time("published_us", published);
  return message.take();
}

std::vector<std::string> encode_snapshot(PositionUpdateEncoder& encoder,
                                         const PositionSnapshot& snapshot, WallTime published) {
  const auto positions = snapshot.positions.value_or(std::span<const PositionUpdate>{});
  const std::vector<SnapshotPart> parts = parts_of(encoder, positions, published);
  std::vector<std::string> messages;
  messages.reserve(parts.size());
  for (const SnapshotPart& part : parts) {
    messages.push_back(encode_part(encoder.identity(), snapshot, part, messages.size() + 1,
                                   parts.size(), published));
  }
  return messages;
}

}  // namespace bridge
