#include "bridge/core/values/decimal.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>
#include <string>
#include <vector>

namespace bridge {
namespace {

// The independent reckoner: whole fractions of unlimited integers.
using boost::multiprecision::cpp_int;
using Fraction = boost::multiprecision::cpp_rational;

cpp_int power_of_ten(int exponent) {
  return boost::multiprecision::pow(cpp_int{10}, static_cast<unsigned>(exponent));
}

// Reads plain notation, as Decimal prints it.
Fraction fraction(const std::string& text) {
  const auto point = text.find('.');
  if (point == std::string::npos) return Fraction{cpp_int{text}};
  std::string digits = text;
  digits.erase(point, 1);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  const Fraction value{cpp_int{digits}, power_of_ten(static_cast<int>(text.size() - point - 1))};
  return negative ? Fraction{-value} : value;
}

Decimal decimal(const std::string& text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Decimal{});
}

std::string printed(const std::string& text) {
  return decimal(text).to_string();
}

TEST(Decimal, KeepsAllDigitsAsTheyCame) {
  for (const std::string text :
       {"0", "0.0", "0.00000000", "0.020", "291", "105.6280354", "-45.04000000", "76888.10000000",
        "2490.8759520000003", "0.3845974266667", "-0.00006042", "0.05", "100"})
    EXPECT_EQ(printed(text), text);
}

TEST(Decimal, PrintsPlainNotationWhateverCame) {
  EXPECT_EQ(printed("1.0E8"), "100000000");
  EXPECT_EQ(printed("9.223372036854776E18"), "9223372036854776000");
  EXPECT_EQ(printed("1e-8"), "0.00000001");
  EXPECT_EQ(printed("0E-8"), "0.00000000");
  EXPECT_EQ(printed("-1E-8"), "-0.00000001");
  EXPECT_EQ(printed("+5"), "5");
  EXPECT_EQ(printed("-0"), "0");
  EXPECT_EQ(printed("-0.000"), "0.000");
  EXPECT_EQ(printed("007.50"), "7.50");
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const std::string text :
       {"",   "-",  "+",   ".",   "1.",   ".5",  "1e",  "1e+",   "1e--5",         "abc",   "1a",
        " 1", "1 ", "1,5", "--1", "0x10", "NaN", "inf", "1.2.3", "1e99999999999", "1E5.0", "１"})
    EXPECT_FALSE(Decimal::parse(text)) << '"' << text << '"';
}

TEST(Decimal, RefusesWhatItCannotHoldExactly) {
  const std::string nines(38, '9');
  EXPECT_EQ(printed(nines), nines);
  EXPECT_EQ(printed("-" + nines), "-" + nines);
  EXPECT_EQ(printed("0." + nines), "0." + nines);
  EXPECT_FALSE(Decimal::parse(nines + "0"));
  EXPECT_FALSE(Decimal::parse(nines + ".5"));
  EXPECT_FALSE(Decimal::parse("0." + nines + "1"));
  EXPECT_FALSE(Decimal::parse("1E38"));
  EXPECT_FALSE(Decimal::parse("1E-39"));
  // Zeros that do not fit change nothing.
  EXPECT_EQ(printed("0." + nines + "000"), "0." + nines);
}

TEST(Decimal, ComparesByValueWhateverTheScale) {
  EXPECT_EQ(decimal("0.020"), decimal("0.02"));
  EXPECT_FALSE(identical(decimal("0.020"), decimal("0.02")));
  EXPECT_LT(decimal("-1"), decimal("-0.99999999"));
  EXPECT_GT(decimal("0.1"), decimal("0.09999999999999999999999999999999999999"));
  EXPECT_LT(decimal("-99999999999999999999999999999999999999"),
            decimal("0.00000000000000000000000000000000000001"));
  EXPECT_EQ(decimal("0"), decimal("-0.00"));
}

TEST(Decimal, NormalizedDropsZerosBehindThePointOnly) {
  EXPECT_EQ(decimal("120.500").normalized().to_string(), "120.5");
  EXPECT_EQ(decimal("120.000").normalized().to_string(), "120");
  EXPECT_EQ(decimal("0.000").normalized().to_string(), "0");
  EXPECT_EQ(decimal("100").normalized().to_string(), "100");
}

TEST(Decimal, ArithmeticThatDoesNotFitHasNoResult) {
  const Decimal largest = decimal(std::string(38, '9'));
  EXPECT_FALSE(add(largest, Decimal{1}));
  EXPECT_TRUE(add(largest, Decimal{-1}));
  EXPECT_FALSE(multiply(largest, Decimal{2}));
  EXPECT_FALSE(multiply(largest, largest));
  EXPECT_FALSE(add(largest, decimal("0.1")));
  EXPECT_FALSE(divide(largest, decimal("0.1"), 0));
  EXPECT_FALSE(divide(Decimal{1}, Decimal{}, 8));
}

TEST(Decimal, DivisionRoundsHalfToEven) {
  EXPECT_EQ(divide(Decimal{1}, Decimal{8}, 2)->to_string(), "0.12");  // 0.125
  EXPECT_EQ(divide(Decimal{3}, Decimal{8}, 2)->to_string(), "0.38");  // 0.375
  EXPECT_EQ(divide(Decimal{-1}, Decimal{8}, 2)->to_string(), "-0.12");
  EXPECT_EQ(divide(Decimal{2}, Decimal{3}, 4)->to_string(), "0.6667");
  EXPECT_EQ(divide(Decimal{1}, decimal("99999999999999999999999999999999999999"), 8)->to_string(),
            "0.00000000");
}

class RandomDecimals {
 public:
  explicit RandomDecimals(unsigned seed) : engine_{seed} {}

  // Up to `digits_max` digits, any scale up to `scale_max`, either sign.
  std::string text(int digits_max, int scale_max) {
    std::string digits;
    const int count = pick(1, digits_max);
    for (int i = 0; i < count; ++i) digits += static_cast<char>('0' + pick(0, 9));
    const int scale = pick(0, scale_max);
    while (static_cast<int>(digits.size()) <= scale) digits.insert(0, 1, '0');
    if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
    const bool negative = pick(0, 1) == 1 && digits.find_first_not_of("0.") != std::string::npos;
    while (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') digits.erase(0, 1);
    return negative ? "-" + digits : digits;
  }

  int pick(int least, int most) { return std::uniform_int_distribution{least, most}(engine_); }

 private:
  std::mt19937 engine_;
};

TEST(Decimal, AgreesWithAnIndependentReckonerOnSumsProductsAndOrder) {
  RandomDecimals random{20261122};
  for (int round = 0; round < 50'000; ++round) {
    const std::string a = random.text(38, 20);
    const std::string b = random.text(38, 20);
    const auto x = Decimal::parse(a);
    const auto y = Decimal::parse(b);
    ASSERT_TRUE(x && y) << a << ' ' << b;
    ASSERT_EQ(x->to_string(), a);
    ASSERT_EQ(*x < *y, fraction(a) < fraction(b)) << a << ' ' << b;
    ASSERT_EQ(*x == *y, fraction(a) == fraction(b)) << a << ' ' << b;
    if (const auto sum = add(*x, *y)) {
      ASSERT_EQ(fraction(sum->to_string()), fraction(a) + fraction(b)) << a << ' ' << b;
    }
    if (const auto difference = subtract(*x, *y)) {
      ASSERT_EQ(fraction(difference->to_string()), fraction(a) - fraction(b)) << a << ' ' << b;
    }
    if (const auto product = multiply(*x, *y)) {
      ASSERT_EQ(fraction(product->to_string()), fraction(a) * fraction(b)) << a << ' ' << b;
    }
  }
}

TEST(Decimal, ResultsThatFitAreNeverRefused) {
  RandomDecimals random{7};
  for (int round = 0; round < 20'000; ++round) {
    const auto a = Decimal::parse(random.text(18, 9));
    const auto b = Decimal::parse(random.text(18, 9));
    ASSERT_TRUE(add(*a, *b));
    ASSERT_TRUE(subtract(*a, *b));
    ASSERT_TRUE(multiply(*a, *b));
  }
}

// The integer nearest to a fraction, ties to the even one.
cpp_int round_half_even(const Fraction& value) {
  const Fraction size = abs(value);
  const cpp_int whole = numerator(size) / denominator(size);
  const Fraction rest = size - whole;
  const Fraction half{1, 2};
  const bool up = rest > half || (rest == half && whole % 2 == 1);
  const cpp_int rounded = whole + (up ? 1 : 0);
  return value < 0 ? cpp_int{-rounded} : rounded;
}

TEST(Decimal, AgreesWithAnIndependentReckonerOnQuotients) {
  RandomDecimals random{42};
  int compared = 0;
  for (int round = 0; round < 50'000; ++round) {
    const std::string a = random.text(38, 20);
    const std::string b = random.text(38, 20);
    const int scale = random.pick(0, 16);
    const auto quotient = divide(*Decimal::parse(a), *Decimal::parse(b), scale);
    if (fraction(b) == 0) {
      ASSERT_FALSE(quotient);
      continue;
    }
    const cpp_int expected =
        round_half_even(fraction(a) / fraction(b) * Fraction{power_of_ten(scale)});
    if (abs(expected) >= power_of_ten(38)) {
      ASSERT_FALSE(quotient) << a << " / " << b;
    } else if (quotient) {
      ++compared;
      ASSERT_EQ(fraction(quotient->to_string()), Fraction(expected, power_of_ten(scale)))
          << a << " / " << b << " at " << scale;
    }
  }
  EXPECT_GT(compared, 30'000);
}

}  // namespace
}  // namespace bridge
