#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bridge {

// An exact decimal number: coefficient * 10^-scale, with a coefficient of up to 38 digits.
//
// Prices and quantities travel from the exchange's text to ours without ever being a double. The
// scale is kept as it came, so that "0.020" is printed as "0.020"; numbers of different scale are
// equal when their values are.
//
// Sums, differences and products are exact or nothing: they return no value where the exact result
// has more than 38 digits.
class Decimal {
 public:
  using Coefficient = __int128;

  static constexpr int digits_max = 38;
  static constexpr int scale_max = 38;
  // Sign, digits, point and the leading zero.
  static constexpr std::size_t text_size_max = 42;

  constexpr Decimal() = default;
  constexpr explicit Decimal(std::int64_t integer) : coefficient_{integer} {}

  // Asserts that both are within their limits.
  static Decimal from_parts(Coefficient coefficient, int scale);

  // Reads what Binance sends: an optional sign, digits, a point, an exponent ("1.0E8"). Nothing for
  // text that is no number, is empty, or is not exactly representable in 38 digits.
  static std::optional<Decimal> parse(std::string_view text);

  Coefficient coefficient() const { return coefficient_; }
  int scale() const { return scale_; }

  bool is_zero() const { return coefficient_ == 0; }
  bool is_negative() const { return coefficient_ < 0; }

  Decimal negated() const { return make(-coefficient_, scale_); }
  Decimal absolute() const { return coefficient_ < 0 ? negated() : *this; }
  // The same value without trailing zeros behind the point.
  Decimal normalized() const;

  // Writes plain notation (no exponent, no plus sign, no "-0") into `out`, which has room for
  // text_size_max characters, and returns the end of what was written. No terminating zero.
  char* write(char* out) const;
  std::string to_string() const;

  friend bool operator==(const Decimal& a, const Decimal& b) { return compare(a, b) == 0; }
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
    return compare(a, b);
  }

 private:
  static constexpr Decimal make(Coefficient coefficient, int scale) {
    Decimal decimal;
    decimal.coefficient_ = coefficient;
    decimal.scale_ = static_cast<std::int8_t>(scale);
    return decimal;
  }
  static std::strong_ordering compare(const Decimal& a, const Decimal& b);

  Coefficient coefficient_ = 0;
  std::int8_t scale_ = 0;
};

std::optional<Decimal> add(const Decimal& a, const Decimal& b);
std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);

// numerator / denominator rounded half-even to `scale` places. Nothing when the denominator is zero
// or the result has more than 38 digits; exact in between, whatever the sizes.
std::optional<Decimal> divide(const Decimal& numerator, const Decimal& denominator, int scale);

// Same value and same written form; what "unchanged" means for something that is published.
inline bool identical(const Decimal& a, const Decimal& b) {
  return a.coefficient() == b.coefficient() && a.scale() == b.scale();
}

}  // namespace bridge
