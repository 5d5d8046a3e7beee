#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/exchange/model/time.hpp"

namespace exchange {

enum class WeightVerdict { allowed, too_many, banned };

/// Request weight by source address: counted in minutes of the UTC clock, refused above the limit,
/// and an address that goes on although refused is banned, longer each time.
class RequestWeight {
 public:
  struct Decision {
    WeightVerdict verdict = WeightVerdict::allowed;
    int used_in_minute = 0;
    UnixMs retry_at = 0;  // when refused: the end of the minute, or of the ban
  };

  explicit RequestWeight(int limit_per_minute) : limit_per_minute_(limit_per_minute) {}

  Decision charge(std::string_view address, int weight, UnixMs now);

  /// Bans an address from outside: a fault of the exchange or of the network's neighbours.
  void ban(std::string_view address, UnixMs until);

  /// The most that any address has used in one minute so far.
  int peak() const { return peak_; }

 private:
  struct Address {
    std::int64_t minute = 0;
    int used = 0;
    int refused_in_minute = 0;
    int bans = 0;
    UnixMs banned_until = 0;
  };

  int limit_per_minute_;
  int peak_ = 0;
  std::map<std::string, Address, std::less<>> addresses_;
};

}  // namespace exchange
