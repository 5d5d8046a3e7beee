#include "tests/exchange/model/amount.hpp"

#include <array>
#include <cstdlib>

namespace exchange {
namespace {

constexpr int whole_digits_max = 18;

constexpr std::array<std::int64_t, Amount::decimals + 1> powers_of_ten = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

Wide divide_rounded(Wide dividend, Wide divisor) {
  const Wide magnitude = divisor < 0 ? -divisor : divisor;
  const Wide half = magnitude / 2;
  const Wide shifted = dividend < 0 ? dividend - half : dividend + half;
  return divisor < 0 ? -(shifted / magnitude) : shifted / magnitude;
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// Text that is put together before it is appended: a sign, 39 digits and a point at most.
class Digits {
 public:
  /// To the left of what is there: the digits of `value`, at least `width` of them.
  template <typename Number>
  void prepend(Number value, int width) {
    for (; value > 0 || width > 0; --width, value /= 10) {
      *--first_ = static_cast<char>('0' + static_cast<int>(value % 10));
    }
  }
  void prepend(char character) { *--first_ = character; }

  std::string_view text() const {
    return {first_, static_cast<std::size_t>(buffer_.data() + buffer_.size() - first_)};
  }

 private:
  std::array<char, 48> buffer_;
  char* first_ = buffer_.data() + buffer_.size();
};

/// `magnitude` in units of the last of `places` decimals.
template <typename Number>
void prepend_around_point(Digits& digits, Number magnitude, int places) {
  const auto point = static_cast<Number>(powers_of_ten[static_cast<std::size_t>(places)]);
  if (places > 0) {
    digits.prepend(static_cast<Number>(magnitude % point), places);
    digits.prepend('.');
  }
  digits.prepend(static_cast<Number>(magnitude / point), 1);
}

}  // namespace

std::optional<Amount> Amount::parse(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  Wide units = 0;
  int whole = 0;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, ++whole) {
    if (whole == whole_digits_max) return std::nullopt;
    units = units * 10 + (text[at] - '0');
  }
  int places = 0;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++places) {
      if (places == decimals) return std::nullopt;
      units = units * 10 + (text[at] - '0');
    }
    if (places == 0) return std::nullopt;
  }
  if (whole == 0 || at != text.size()) return std::nullopt;
  units *= powers_of_ten[static_cast<std::size_t>(decimals - places)];
  return Amount(negative ? -units : units);
}

Amount Amount::literal(std::string_view text) {
  const std::optional<Amount> amount = parse(text);
  if (!amount) std::abort();
  return *amount;
}

Amount Amount::truncated_to(Amount step) const {
  return Amount(units_ / step.units_ * step.units_);
}

Amount Amount::operator*(Amount other) const {
  return Amount(divide_rounded(units_ * other.units_, units_per_one));
}

Amount Amount::operator/(Amount other) const {
  return Amount(divide_rounded(units_ * units_per_one, other.units_));
}

Amount Amount::scaled(Amount numerator, Amount denominator) const {
  return Amount(divide_rounded(units_ * numerator.units_, denominator.units_));
}

std::string Amount::text() const {
  std::string out;
  append_text(out);
  return out;
}

std::string Amount::fixed(int places) const {
  std::string out;
  append_fixed(out, places);
  return out;
}

void Amount::append_text(std::string& out) const {
  append_fixed(out, decimals);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
}

void Amount::append_fixed(std::string& out, int places) const {
  const std::int64_t cut = powers_of_ten[static_cast<std::size_t>(decimals - places)];
  const Wide shown = places == decimals ? units_ : divide_rounded(units_, cut);
  const Wide magnitude = shown < 0 ? -shown : shown;
  Digits digits;
  // Divisions of 128 bits are by far the dearest part of a mark price, and nearly never needed.
  if (magnitude <= UINT64_MAX) {
    prepend_around_point(digits, static_cast<std::uint64_t>(magnitude), places);
  } else {
    prepend_around_point(digits, magnitude, places);
  }
  if (shown < 0) digits.prepend('-');
  out.append(digits.text());
}

}  // namespace exchange
