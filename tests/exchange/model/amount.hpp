#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exchange {

// __extension__ keeps the compiler from objecting to a type that C++ does not have yet.
__extension__ typedef __int128 Wide;

/// An exact number with eight decimals, which is all that the exchange keeps of money, prices and
/// quantities. Products are rounded half away from zero at the eighth decimal.
class Amount {
 public:
  static constexpr int decimals = 8;
  static constexpr std::int64_t units_per_one = 100'000'000;

  constexpr Amount() = default;
  static constexpr Amount from_units(Wide units) { return Amount(units); }
  static constexpr Amount whole(std::int64_t value) { return Amount(Wide{value} * units_per_one); }

  /// Plain decimal notation with at most eight decimals and eighteen digits before the point.
  static std::optional<Amount> parse(std::string_view text);
  /// For numbers written in the source, where a mistake is the programmer's.
  static Amount literal(std::string_view text);

  constexpr Wide units() const { return units_; }
  constexpr bool is_zero() const { return units_ == 0; }
  constexpr int sign() const { return units_ > 0 ? 1 : units_ < 0 ? -1 : 0; }
  constexpr Amount absolute() const { return Amount(units_ < 0 ? -units_ : units_); }

  /// Toward zero, to a whole multiple of `step`.
  Amount truncated_to(Amount step) const;

  /// Shortest notation: "0.002", "-87", "0".
  std::string text() const;
  /// Always `places` decimals (0 to 8): "75.60000000".
  std::string fixed(int places) const;
  void append_text(std::string& out) const;
  void append_fixed(std::string& out, int places) const;

  constexpr Amount operator-() const { return Amount(-units_); }
  constexpr Amount operator+(Amount other) const { return Amount(units_ + other.units_); }
  constexpr Amount operator-(Amount other) const { return Amount(units_ - other.units_); }
  constexpr Amount& operator+=(Amount other) { return *this = *this + other; }
  constexpr Amount& operator-=(Amount other) { return *this = *this - other; }
  Amount operator*(Amount other) const;
  /// `other` is not zero.
  Amount operator/(Amount other) const;
  /// (this * numerator) / denominator without the rounding between; `denominator` is not zero.
  Amount scaled(Amount numerator, Amount denominator) const;

  friend constexpr bool operator==(Amount, Amount) = default;
  friend constexpr auto operator<=>(Amount, Amount) = default;

 private:
  constexpr explicit Amount(Wide units) : units_(units) {}

  Wide units_ = 0;
};

}  // namespace exchange
