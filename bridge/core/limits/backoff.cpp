#include "bridge/core/limits/backoff.hpp"

#include <algorithm>

#include "bridge/core/limits/limits.hpp"

namespace bridge {

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

Duration Random::up_to(Duration limit) {
  return Duration{
      static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(limit.count()) + 1))};
}

Duration Backoff::next_delay() {
  constexpr int doublings_max = 16;  // far past the cap, far from overflow
  const int doublings = std::min(failures_, doublings_max);
  if (failures_ < doublings_max) ++failures_;
  return random_.up_to(
      std::min(limits::backoff_base * (std::int64_t{1} << doublings), limits::backoff_max));
}

}  // namespace bridge
