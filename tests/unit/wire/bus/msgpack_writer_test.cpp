#include "bridge/wire/bus/msgpack_writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <msgpack.hpp>
#include <random>
#include <string>
#include <vector>

namespace bridge::test {
namespace {

// The bytes that our writer and msgpack-cxx make of the same thing.
template <class Ours, class Theirs>
void expect_equal_bytes(Ours ours, Theirs theirs, const std::string& what) {
  std::vector<char> memory(100'000);
  MsgpackWriter writer{memory.data()};
  ours(writer);
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer{buffer};
  theirs(packer);
  EXPECT_EQ(std::string(memory.data(), writer.end()), std::string(buffer.data(), buffer.size()))
      << what;
}

// Around every power of two, where forms change.
std::vector<std::uint64_t> interesting_numbers() {
  std::vector<std::uint64_t> numbers{0};
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    numbers.insert(numbers.end(), {power - 1, power, power + 1});
  }
  numbers.push_back(UINT64_MAX);
  std::mt19937_64 random{7};
  for (int i = 0; i < 1000; ++i) numbers.push_back(random() >> (random() % 64));
  return numbers;
}

TEST(MsgpackWriter, IntegersTakeTheirSmallestForm) {
  for (const std::uint64_t number : interesting_numbers()) {
    expect_equal_bytes([&](auto& ours) { ours.unsigned_integer(number); },
                       [&](auto& theirs) { theirs.pack_uint64(number); }, std::to_string(number));
    const auto as_signed = static_cast<std::int64_t>(number);
    expect_equal_bytes([&](auto& ours) { ours.integer(as_signed); },
                       [&](auto& theirs) { theirs.pack_int64(as_signed); },
                       std::to_string(as_signed));
    const auto opposite = static_cast<std::int64_t>(~number + 1);
    expect_equal_bytes([&](auto& ours) { ours.integer(opposite); },
                       [&](auto& theirs) { theirs.pack_int64(opposite); },
                       std::to_string(opposite));
  }
}

TEST(MsgpackWriter, TextsOfEveryLengthHaveTheRightHead) {
  for (const std::size_t size : {0U, 1U, 31U, 32U, 255U, 256U, 65535U, 65536U}) {
    const std::string text(size, 'x');
    expect_equal_bytes([&](auto& ours) { ours.text(text); },
                       [&](auto& theirs) { theirs.pack(text); }, std::to_string(size));
  }
}

TEST(MsgpackWriter, ContainersOfEverySizeHaveTheRightHead) {
  for (const std::uint32_t size : {0U, 15U, 16U, 31U, 65535U, 65536U}) {
    expect_equal_bytes([&](auto& ours) { ours.map(size); },
                       [&](auto& theirs) { theirs.pack_map(size); }, std::to_string(size));
    expect_equal_bytes([&](auto& ours) { ours.list(size); },
                       [&](auto& theirs) { theirs.pack_array(size); }, std::to_string(size));
  }
}

TEST(MsgpackWriter, DecimalsAreStringsOfTheirPlainNotation) {
  for (const char* text :
       {"0", "-0.5", "84551.10762319", "0.00000000000000000000000000000000000001",
        "-99999999999999999999999999999999999999", "12345678901234567890123456789",
        "1234567890123456789012345678901", "12345678901234567890123456789012"}) {
    const Decimal decimal = Decimal::parse(text).value();
    expect_equal_bytes([&](auto& ours) { ours.decimal(decimal); },
                       [&](auto& theirs) { theirs.pack(decimal.to_string()); }, text);
  }
}

TEST(MsgpackWriter, ConstantsAreThoseOfTheFormat) {
  expect_equal_bytes(
      [](auto& ours) {
        ours.nil();
        ours.boolean(true);
        ours.boolean(false);
      },
      [](auto& theirs) {
        theirs.pack_nil();
        theirs.pack_true();
        theirs.pack_false();
      },
      "nil, true, false");
}

}  // namespace
}  // namespace bridge::test
