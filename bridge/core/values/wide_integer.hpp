#pragma once

#include <compare>
#include <cstdint>
#include <optional>

// Unsigned 256-bit intermediates of decimal arithmetic: a product of two 128-bit numbers, compared
// with another or divided by a 128-bit number.
namespace bridge {

using Unsigned128 = unsigned __int128;

struct Unsigned256 {
  Unsigned128 high = 0;
  Unsigned128 low = 0;

  friend auto operator<=>(const Unsigned256&, const Unsigned256&) = default;
};

inline Unsigned256 multiply_wide(Unsigned128 a, Unsigned128 b) {
  if ((a | b) <= UINT64_MAX) return {.high = 0, .low = a * b};
  const auto low_half = [](Unsigned128 x) { return x & UINT64_MAX; };
  const auto high_half = [](Unsigned128 x) { return x >> 64; };
  const Unsigned128 low_low = low_half(a) * low_half(b);
  const Unsigned128 high_low = high_half(a) * low_half(b);
  const Unsigned128 low_high = low_half(a) * high_half(b);
  const Unsigned128 high_high = high_half(a) * high_half(b);
  const Unsigned128 middle = high_half(low_low) + low_half(high_low) + low_half(low_high);
  return {.high = high_high + high_half(high_low) + high_half(low_high) + high_half(middle),
          .low = (middle << 64) | low_half(low_low)};
}

struct QuotientAndRemainder {
  Unsigned128 quotient = 0;
  Unsigned128 remainder = 0;
};

// Nothing when the quotient has more than 128 bits, so in particular for a divisor of zero.
inline std::optional<QuotientAndRemainder> divide_wide(const Unsigned256& dividend,
                                                       Unsigned128 divisor) {
  if (dividend.high >= divisor) return std::nullopt;
  if (dividend.high == 0)
    return QuotientAndRemainder{dividend.low / divisor, dividend.low % divisor};
  // Schoolbook, a bit at a time: the remainder stays below the divisor, and the bit that a shift
  // pushes out of 128 bits means that the divisor fits once more.
  Unsigned128 remainder = dividend.high;
  Unsigned128 quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carry = (remainder >> 127) != 0;
    remainder = (remainder << 1) | ((dividend.low >> bit) & 1);
    quotient <<= 1;
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  return QuotientAndRemainder{quotient, remainder};
}

}  // namespace bridge
