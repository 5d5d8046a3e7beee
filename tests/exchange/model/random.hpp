#pragma once

#include <cstdint>
#include <string_view>

namespace exchange {

/// SplitMix64: the same numbers from the same seed on every machine, which the standard library's
/// distributions do not promise. One seed gives one history of the exchange.
class Random {
 public:
  constexpr explicit Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  /// 0 to `bound` - 1; `bound` is not zero. The bias is far below anything that a test could see.
  constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  /// From `low` to `high`, both included.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }

  /// Roughly normal with mean 0 and standard deviation `deviation`: the sum of four uniforms.
  constexpr std::int64_t around_zero(std::int64_t deviation) {
    constexpr std::int64_t mean_of_sum = 2 * 65'535;
    constexpr std::int64_t deviation_of_sum = 37'837;
    const std::uint64_t bits = next();
    std::int64_t sum = 0;
    for (unsigned part = 0; part < 4; ++part) {
      sum += static_cast<std::int64_t>((bits >> (16 * part)) & 0xffffU);
    }
    return deviation * (sum - mean_of_sum) / deviation_of_sum;
  }

 private:
  std::uint64_t state_;
};

/// A seed of its own for everything that has a name (a symbol, an account), so that adding one
/// thing does not change the history of another.
constexpr std::uint64_t seed_for(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  for (const char character : name) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  }
  return Random(hash).next();
}

}  // namespace exchange
