#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/exchange/model/random.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

/// The life of one account's listenKey: at most one is valid at a time, for every client of the
/// account alike.
class ListenKey {
 public:
  ListenKey(std::uint64_t seed, UnixMs life) : random_(seed), life_(life) {}

  /// POST: the key that lives, its life begun anew, or a new one.
  const std::string& create(UnixMs now);
  /// PUT: the key with its life begun anew; nothing when there is no valid one.
  std::optional<std::string> keep_alive(UnixMs now);
  /// PUT, when it goes wrong: a new key instead of the valid one, which is dead without a word;
  /// nothing when there is no valid one.
  std::optional<std::string> replace(UnixMs now);
  /// DELETE: the key is invalid from here on, and nobody is told.
  void remove();
  /// Ends the key's life at `now`, as if it had not been kept alive.
  void end_life(UnixMs now);

  /// The valid key; null when there is none.
  const std::string* valid(UnixMs now) const;
  /// When the key expires unless it is kept alive.
  UnixMs expires_at() const { return key_.empty() ? never_ms : expires_at_; }
  /// Takes the key that has expired by `now`; nothing when none has.
  std::optional<std::string> take_expired(UnixMs now);

 private:
  bool is_valid(UnixMs now) const { return !key_.empty() && now < expires_at_; }
  std::string make_key();

  Random random_;
  UnixMs life_;
  std::string key_;  // empty: none
  UnixMs expires_at_ = never_ms;
};

}  // namespace exchange
