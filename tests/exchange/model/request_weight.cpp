#include "tests/exchange/model/request_weight.hpp"

#include <algorithm>

namespace exchange {
namespace {

// How often an address may be told 429 within a minute before it is banned.
constexpr int refusals_before_ban = 10;
constexpr UnixMs first_ban_ms = 2 * minute_ms;
constexpr UnixMs longest_ban_ms = 3 * 24 * hour_ms;

UnixMs ban_length(int earlier_bans) {
  UnixMs length = first_ban_ms;
  for (int ban = 0; ban < earlier_bans && length < longest_ban_ms; ++ban) length *= 4;
  return std::min(length, longest_ban_ms);
}

}  // namespace

RequestWeight::Decision RequestWeight::charge(std::string_view address, int weight, UnixMs now) {
  auto found = addresses_.find(address);
  if (found == addresses_.end()) found = addresses_.emplace(std::string(address), Address{}).first;
  Address& client = found->second;
  const std::int64_t minute = now / minute_ms;
  if (client.minute != minute) {
    client.minute = minute;
    client.used = 0;
    client.refused_in_minute = 0;
  }
  // Refused requests cost weight too.
  client.used += weight;
  peak_ = std::max(peak_, client.used);
  if (now < client.banned_until) {
    return {WeightVerdict::banned, client.used, client.banned_until};
  }
  if (client.used <= limit_per_minute_) return {WeightVerdict::allowed, client.used, 0};
  if (++client.refused_in_minute <= refusals_before_ban) {
    return {WeightVerdict::too_many, client.used, (minute + 1) * minute_ms};
  }
  client.banned_until = now + ban_length(client.bans++);
  return {WeightVerdict::banned, client.used, client.banned_until};
}

void RequestWeight::ban(std::string_view address, UnixMs until) {
  addresses_[std::string(address)].banned_until = until;
}

}  // namespace exchange
