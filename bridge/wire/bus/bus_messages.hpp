#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/positions/publications.hpp"
#include "bridge/wire/bus/bus_identity.hpp"
#include "bridge/wire/bus/position_update_encoder.hpp"

// The messages of the bus beside position.update: rare, so each is made in one go.
namespace bridge {

std::string encode_account_status(const BusIdentity& identity, const AccountStatus& status,
                                  WallTime published);

// The last `account_seq` of each account, in the order given.
struct AccountSequence {
  std::string_view account;
  std::uint64_t account_seq = 0;
};

std::string encode_heartbeat(const BusIdentity& identity, std::string_view version,
                             std::span<const AccountSequence> accounts, WallTime published);

// Said once, on a clean stop: v, type, instance, epoch, published_us.
std::string encode_shutdown(const BusIdentity& identity, WallTime published);

// What is known of one account. References and views: valid during the call.
struct PositionSnapshot {
  const AccountIdentity& account;
  std::string_view scope;  // "all" or the account's name, as it was asked for
  AccountState state = AccountState::connecting;
  std::uint64_t account_seq = 0;
  // Absent: nothing is confirmed. Empty: the account is flat.
  std::optional<std::span<const PositionUpdate>> positions;
};

// A message carries so many bytes of positions at most, but always at least one position.
constexpr std::size_t snapshot_part_size_max = std::size_t{256} * 1024;

// The messages of a snapshot, in the order in which they are to be sent: nearly always one. `part`
// counts from 1 to `parts`. The positions are made by `encoder` and keep the numbers of the last
// update that they were published with.
std::vector<std::string> encode_snapshot(PositionUpdateEncoder& encoder,
                                         const PositionSnapshot& snapshot, WallTime published);

}  // namespace bridge
