#include <gtest/gtest.h>

#include <string>

#include "bridge/wire/exchange/percent_encoding.hpp"
#include "bridge/wire/text/safe_text.hpp"
#include "bridge/wire/text/utf8.hpp"

namespace bridge::test {
namespace {

TEST(Utf8, EveryCharacterOfEveryLengthIsValid) {
  for (const char* text : {"", "a", "\x7F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000",
                           "\uFFFF", "\U00010000", "\U0010FFFF", "币安人生USDT"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(Utf8, WhatIsForbiddenIsReplacedByteByByte) {
  const std::string replacement = "\uFFFD";
  for (const std::string bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE5\xB8", "\xC3"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
    std::string expected = "<";
    for (std::size_t i = 0; i < bad.size(); ++i) expected += replacement;
    EXPECT_EQ(valid_utf8("<" + bad + ">"), expected + ">");
  }
}

TEST(SafeText, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(safe_text("a\r\nb\x1b[0m\x7f"), "a  b [0m ");
}

TEST(SafeText, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(safe_text("币安", 6), "币安");
  EXPECT_EQ(safe_text("币安", 5), "币");
  EXPECT_EQ(safe_text("币安", 2), "");
  EXPECT_EQ(safe_text("\xFF\xFF", 2), "");
  EXPECT_EQ(safe_text(std::string(300, 'x')).size(), 200U);
}

TEST(PercentEncoding, OnlyUnreservedCharactersStay) {
  EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encoded("a+b/c= &?%"), "a%2Bb%2Fc%3D%20%26%3F%25");
  EXPECT_EQ(percent_encoded("币"), "%E5%B8%81");
}

}  // namespace
}  // namespace bridge::test
