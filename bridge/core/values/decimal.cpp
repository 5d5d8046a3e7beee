#include "bridge/core/values/decimal.hpp"

#include <array>
#include <charconv>

#include "bridge/core/values/assert.hpp"
#include "bridge/core/values/wide_integer.hpp"

namespace bridge {
namespace {

constexpr int power_max = 38;

constexpr std::array<Unsigned128, power_max + 1> powers_of_ten = [] {
  std::array<Unsigned128, power_max + 1> powers{};
  Unsigned128 power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

constexpr Unsigned128 power_of_ten(int exponent) {
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

constexpr Unsigned128 coefficient_limit = powers_of_ten[Decimal::digits_max];  // exclusive

Unsigned128 magnitude(Decimal::Coefficient value) {
  return value < 0 ? -static_cast<Unsigned128>(value) : static_cast<Unsigned128>(value);
}

Decimal::Coefficient with_sign(Unsigned128 value, bool negative) {
  const auto coefficient = static_cast<Decimal::Coefficient>(value);
  return negative ? -coefficient : coefficient;
}

std::optional<Decimal> make_checked(Unsigned128 value, bool negative, int scale) {
  if (value >= coefficient_limit || scale > Decimal::scale_max) return std::nullopt;
  return Decimal::from_parts(with_sign(value, negative), scale);
}

// value * 10^exponent, if it has at most 38 digits.
std::optional<Unsigned128> scaled_up(Unsigned128 value, int exponent) {
  if (value == 0 || exponent == 0) return value;
  if (exponent > power_max) return std::nullopt;
  const Unsigned256 product = multiply_wide(value, power_of_ten(exponent));
  if (product.high != 0 || product.low >= coefficient_limit) return std::nullopt;
  return product.low;
}

constexpr int small_power_max = 18;  // 10^18 is the largest that fits 63 bits

std::optional<std::int64_t> as_small(Decimal::Coefficient value) {
  if (value > INT64_MAX || value < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// value * 10^exponent, if it fits.
bool scale_small(std::int64_t& value, int exponent) {
  if (exponent > small_power_max) return false;
  return !__builtin_mul_overflow(value, static_cast<std::int64_t>(power_of_ten(exponent)), &value);
}

// A sum as nearly all are, without 256 bits; nothing: it is to be made the long way.
std::optional<Decimal::Coefficient> small_sum(const Decimal& a, const Decimal& b, int scale) {
  auto left = as_small(a.coefficient());
  auto right = as_small(b.coefficient());
  if (!left || !right) return std::nullopt;
  if (!scale_small(*left, scale - a.scale()) || !scale_small(*right, scale - b.scale()))
    return std::nullopt;
  return Decimal::Coefficient{*left} + *right;
}

// The digits of a number's text, before its exponent is applied.
struct Digits {
  Unsigned128 value = 0;
  int scale = 0;  // how many of them stand behind the point
  bool any = false;
  bool inexact = false;  // a digit other than zero did not fit
};

class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : at_{text.data()}, end_{at_ + text.size()} {}

  bool at_end() const { return at_ == end_; }

  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  bool take_sign() {
    if (take('-')) return true;
    take('+');
    return false;
  }

  bool read_digits(Digits& digits, int scale_step) {
    const char* const begin = at_;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      const auto digit = static_cast<unsigned>(*at_ - '0');
      if (digits.value < coefficient_limit / 10 && digits.scale < Decimal::scale_max) {
        digits.value = digits.value * 10 + digit;
        digits.scale += scale_step;
      } else if (scale_step == 0 || digit != 0) {
        digits.inexact = true;
      }
    }
    return at_ != begin;
  }

  std::optional<int> read_exponent() {
    const bool negative = take_sign();
    int exponent = 0;
    const auto [end, error] = std::from_chars(at_, end_, exponent);
    if (error != std::errc{} || end == at_ || exponent < 0) return std::nullopt;
    at_ = end;
    return negative ? -exponent : exponent;
  }

 private:
  const char* at_;
  const char* end_;
};

// digits * 10^exponent as a decimal with a scale of 0 or more.
std::optional<Decimal> apply_exponent(const Digits& digits, bool negative, int exponent) {
  constexpr int exponent_max = 4 * power_max;  // far beyond what fits, and far from overflowing
  if (exponent > exponent_max || exponent < -exponent_max) {
    if (digits.value == 0) return Decimal{};
    return std::nullopt;
  }
  int scale = digits.scale - exponent;
  Unsigned128 value = digits.value;
  if (scale < 0) {
    const auto scaled = scaled_up(value, -scale);
    if (!scaled) return std::nullopt;
    value = *scaled;
    scale = 0;
  }
  for (; scale > Decimal::scale_max && value % 10 == 0; --scale) value /= 10;
  return make_checked(value, negative, scale);
}

char* write_digits(char* out, Unsigned128 value) {
  constexpr std::uint64_t block = 10'000'000'000'000'000'000U;  // 10^19 fits 64 bits
  if (value <= UINT64_MAX)
    return std::to_chars(out, out + 20, static_cast<std::uint64_t>(value)).ptr;
  out = write_digits(out, value / block);
  auto rest = static_cast<std::uint64_t>(value % block);
  for (int digit = 18; digit >= 0; --digit) {
    out[digit] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  return out + 19;
}

}  // namespace

Decimal Decimal::from_parts(Coefficient coefficient, int scale) {
  BRIDGE_ASSERT(magnitude(coefficient) < coefficient_limit);
  BRIDGE_ASSERT(scale >= 0 && scale <= scale_max);
  return make(coefficient, scale);
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  NumberReader reader{text};
  const bool negative = reader.take_sign();
  Digits digits;
  if (!reader.read_digits(digits, 0)) return std::nullopt;
  if (reader.take('.') && !reader.read_digits(digits, 1)) return std::nullopt;
  int exponent = 0;
  if (reader.take('e') || reader.take('E')) {
    const auto read = reader.read_exponent();
    if (!read) return std::nullopt;
    exponent = *read;
  }
  if (!reader.at_end() || digits.inexact) return std::nullopt;
  if (exponent == 0) return make_checked(digits.value, negative, digits.scale);
  return apply_exponent(digits, negative, exponent);
}

Decimal Decimal::normalized() const {
  int scale = scale_;
  // Divisions of 128 bits are dear, and nearly never needed.
  if (const Unsigned128 value = magnitude(coefficient_); value <= UINT64_MAX) {
    auto digits = static_cast<std::uint64_t>(value);
    for (; scale > 0 && digits % 10 == 0; --scale) digits /= 10;
    return make(with_sign(digits, is_negative()), scale);
  }
  Coefficient coefficient = coefficient_;
  for (; scale > 0 && coefficient % 10 == 0; --scale) coefficient /= 10;
  return make(coefficient, scale);
}

char* Decimal::write(char* out) const {
  if (is_negative()) *out++ = '-';
  char* const first = out;
  char* const end = write_digits(first, magnitude(coefficient_));
  if (scale_ == 0) return end;

  const auto count = end - first;
  const std::ptrdiff_t scale = scale_;
  // At least one digit stands before the point: "0.05" has one digit and three places to fill.
  const std::ptrdiff_t zeros = count > scale ? 0 : scale + 1 - count;
  const std::ptrdiff_t whole = count + zeros - scale;
  char* const last = end + zeros + 1;
  for (std::ptrdiff_t place = 1; place <= scale; ++place) {
    last[-place] = place <= count ? end[-place] : '0';
  }
  if (zeros > 0) first[0] = '0';
  first[whole] = '.';
  return last;
}

std::string Decimal::to_string() const {
  std::array<char, text_size_max> text;
  return {text.data(), write(text.data())};
}

std::strong_ordering Decimal::compare(const Decimal& a, const Decimal& b) {
  if (a.scale_ == b.scale_) return a.coefficient_ <=> b.coefficient_;
  const bool negative = a.is_negative();
  if (negative != b.is_negative())
    return negative ? std::strong_ordering::less : std::strong_ordering::greater;
  // |a| and |b| at the larger of the two scales.
  const int scale = a.scale_ > b.scale_ ? a.scale_ : b.scale_;
  const auto left = multiply_wide(magnitude(a.coefficient_), power_of_ten(scale - a.scale_));
  const auto right = multiply_wide(magnitude(b.coefficient_), power_of_ten(scale - b.scale_));
  return negative ? right <=> left : left <=> right;
}

std::optional<Decimal> add(const Decimal& a, const Decimal& b) {
  const int scale = a.scale() > b.scale() ? a.scale() : b.scale();
  if (const auto sum = small_sum(a, b, scale)) return Decimal::from_parts(*sum, scale);
  const auto left = scaled_up(magnitude(a.coefficient()), scale - a.scale());
  const auto right = scaled_up(magnitude(b.coefficient()), scale - b.scale());
  if (!left || !right) return std::nullopt;
  // Both are below 10^38, so their sum fits 127 bits... but not always 38 digits.
  const Decimal::Coefficient sum =
      with_sign(*left, a.is_negative()) + with_sign(*right, b.is_negative());
  return make_checked(magnitude(sum), sum < 0, scale);
}

std::optional<Decimal> subtract(const Decimal& a, const Decimal& b) {
  return add(a, b.negated());
}

std::optional<Decimal> multiply(const Decimal& a, const Decimal& b) {
  const int scale = a.scale() + b.scale();
  const auto left = as_small(a.coefficient());
  const auto right = as_small(b.coefficient());
  // 2^126 has 38 digits.
  if (left && right && scale <= Decimal::scale_max)
    return Decimal::from_parts(Decimal::Coefficient{*left} * *right, scale);
  const Unsigned256 product = multiply_wide(magnitude(a.coefficient()), magnitude(b.coefficient()));
  if (product.high != 0) return std::nullopt;
  return make_checked(product.low, a.is_negative() != b.is_negative(), scale);
}

std::optional<Decimal> divide(const Decimal& numerator, const Decimal& denominator, int scale) {
  BRIDGE_ASSERT(scale >= 0 && scale <= Decimal::scale_max);
  if (denominator.is_zero()) return std::nullopt;
  const int shift = scale - numerator.scale() + denominator.scale();
  if (shift > power_max || shift < -power_max) return std::nullopt;

  const bool negative = numerator.is_negative() != denominator.is_negative();
  const Unsigned128 dividend = magnitude(numerator.coefficient());
  Unsigned128 divisor = magnitude(denominator.coefficient());
  Unsigned256 wide_dividend{.high = 0, .low = dividend};
  if (shift >= 0) {
    wide_dividend = multiply_wide(dividend, power_of_ten(shift));
  } else {
    const Unsigned256 wide_divisor = multiply_wide(divisor, power_of_ten(-shift));
    // Then the quotient is below 10^38 / 2^128, which is less than a half.
    if (wide_divisor.high != 0) return Decimal::from_parts(0, scale);
    divisor = wide_divisor.low;
  }
  const auto result = divide_wide(wide_dividend, divisor);
  if (!result) return std::nullopt;
  // Half-even: up when above the half, or at the half and odd. Compared without doubling the
  // remainder, which could overflow.
  const Unsigned128 to_next = divisor - result->remainder;
  const bool up =
      result->remainder > to_next || (result->remainder == to_next && (result->quotient & 1) != 0);
  return make_checked(result->quotient + (up ? 1 : 0), negative, scale);
}

}  // namespace bridge
