#include "tests/exchange/model/listen_key.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace exchange {

std::string ListenKey::make_key() {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string key(64, ' ');
  for (char& letter : key) letter = letters[random_.below(letters.size())];
  return key;
}

const std::string& ListenKey::create(UnixMs now) {
  if (!is_valid(now)) key_ = make_key();
  expires_at_ = now + life_;
  return key_;
}

std::optional<std::string> ListenKey::keep_alive(UnixMs now) {
  if (!is_valid(now)) return std::nullopt;
  expires_at_ = now + life_;
  return key_;
}

std::optional<std::string> ListenKey::replace(UnixMs now) {
  if (!is_valid(now)) return std::nullopt;
  remove();
  return create(now);
}

void ListenKey::remove() {
  key_.clear();
}

void ListenKey::end_life(UnixMs now) {
  expires_at_ = std::min(expires_at_, now);
}

const std::string* ListenKey::valid(UnixMs now) const {
  return is_valid(now) ? &key_ : nullptr;
}

std::optional<std::string> ListenKey::take_expired(UnixMs now) {
  if (key_.empty() || now < expires_at_) return std::nullopt;
  return std::exchange(key_, {});
}

}  // namespace exchange
