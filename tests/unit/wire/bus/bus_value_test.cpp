#include "bridge/wire/bus/bus_value.hpp"

#include <gtest/gtest.h>

#include <msgpack.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace bridge::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string packed(const OrderedJson& value) {
  const auto bytes = OrderedJson::to_msgpack(value);
  return {bytes.begin(), bytes.end()};
}

BusReadError error_of(std::string_view bytes) {
  const auto value = decode_bus_value(bytes);
  EXPECT_FALSE(value);
  return value ? BusReadError{} : value.error();
}

TEST(BusValue, EveryFormOfEveryTypeIsRead) {
  for (const char* json : {"null",
                           "true",
                           "false",
                           "0",
                           "127",
                           "128",
                           "255",
                           "256",
                           "65536",
                           "4294967296",
                           "18446744073709551615",
                           "-1",
                           "-32",
                           "-33",
                           "-129",
                           "-32769",
                           "-2147483649",
                           "-9223372036854775808",
                           "[]",
                           "{}",
                           R"("")",
                           R"({"a":[1,{"b":null}],"币":"安"})"}) {
    const auto value = decode_bus_value(packed(OrderedJson::parse(json)));
    ASSERT_TRUE(value) << json;
    EXPECT_EQ(to_json(*value), json);
  }
  OrderedJson list;
  OrderedJson map;
  for (int i = 0; i < 300; ++i) {
    list.push_back(std::string(static_cast<std::size_t>(i), 'x'));
    map["key" + std::to_string(i)] = i;
  }
  for (const OrderedJson& large : {list, map, OrderedJson(std::string(70'000, 'y'))}) {
    const auto value = decode_bus_value(packed(large));
    ASSERT_TRUE(value);
    EXPECT_EQ(to_json(*value), large.dump());
  }
}

TEST(BusValue, SignedFormsOfPositiveNumbersAreUnsigned) {
  const std::string signed_seven{"\xD3\0\0\0\0\0\0\0\x07", 9};
  const auto value = decode_bus_value(signed_seven);
  ASSERT_TRUE(value);
  EXPECT_EQ(std::get<std::uint64_t>(value->value), 7U);
}

TEST(BusValue, TextsAreEscapedAndRepaired) {
  const auto value = decode_bus_value(packed("a\"\\\n\x1b\x7f"));
  ASSERT_TRUE(value);
  EXPECT_EQ(to_json(*value), R"("a\"\\\u000a\u001b\u007f")");
  const auto broken = decode_bus_value("\xA2x\xFF");
  ASSERT_TRUE(broken);
  EXPECT_EQ(to_json(*broken), "\"x\uFFFD\"");
}

TEST(BusValue, HugePromisesAreNotBelieved) {
  for (const std::string_view bytes : {"\xDD\xFF\xFF\xFF\xFF", "\xDF\xFF\xFF\xFF\xFF",
                                       "\xDB\xFF\xFF\xFF\xFF", "\xDD\xFF\xFF\xFF\xFF\xC0\xC0"})
    EXPECT_EQ(error_of(bytes), BusReadError::cut_off);
}

TEST(BusValue, LimitsHold) {
  EXPECT_EQ(error_of(std::string(1000, '\x91')), BusReadError::too_deep);
  EXPECT_TRUE(decode_bus_value(std::string(bus_depth_max, '\x91') + "\xC0"));
  EXPECT_EQ(error_of(std::string(bus_message_size_max + 1, '\xC0')), BusReadError::too_large);
  const std::string many = std::string{"\xDD\x00\x02\x00\x00", 5} + std::string(0x20000, '\xC0');
  EXPECT_EQ(error_of(many), BusReadError::too_many_values);
}

TEST(BusValue, WhatTheBusDoesNotUseIsRefused) {
  EXPECT_EQ(error_of(packed(1.5)), BusReadError::unsupported_type);
  EXPECT_EQ(error_of("\xC4\x01x"), BusReadError::unsupported_type);
  EXPECT_EQ(error_of("\xC1"), BusReadError::unsupported_type);
  EXPECT_EQ(error_of("\xD4\x01\x01"), BusReadError::unsupported_type);
  EXPECT_EQ(error_of("\x81\x01\x01"), BusReadError::key_not_text);
  EXPECT_EQ(error_of("\xC0\xC0"), BusReadError::trailing_bytes);
  EXPECT_EQ(error_of(""), BusReadError::cut_off);
}

TEST(BusValue, AMessageThatBreaksOffIsAnErrorWhereverItDoes) {
  const std::string whole = packed(OrderedJson::parse(
      R"({"v":1,"type":"x","list":[1,300,-70000,{"a":null}],"long":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(error_of(whole.substr(0, size)), BusReadError::cut_off);
}

TEST(BusValue, GarbageGivesAValueOrAnErrorAndAgreesWithMsgpackCxx) {
  std::mt19937 random{1};
  std::size_t value_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const auto value = decode_bus_value(bytes);
    if (!value) continue;
    ++value_count;
    std::size_t offset = 0;
    EXPECT_NO_THROW({ msgpack::unpack(bytes.data(), bytes.size(), offset); });
    EXPECT_EQ(offset, bytes.size());
    EXPECT_TRUE(nlohmann::json::accept(to_json(*value)));
  }
  EXPECT_GT(value_count, 100U);
}

}  // namespace
}  // namespace bridge::test
