#include "bridge/core/subscribers/curve_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bridge {
namespace {

TEST(CurveKey, IsFortyLettersOfZ85) {
  EXPECT_TRUE(is_curve_key("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"));
  EXPECT_TRUE(is_curve_key(std::string(40, '0')));
}

TEST(CurveKey, IsNothingElse) {
  EXPECT_FALSE(is_curve_key(""));
  EXPECT_FALSE(is_curve_key(std::string(39, '0')));
  EXPECT_FALSE(is_curve_key(std::string(41, '0')));
  EXPECT_FALSE(is_curve_key(std::string(39, '0') + " "));
  EXPECT_FALSE(is_curve_key(std::string(39, '0') + "\""));
  EXPECT_FALSE(is_curve_key(std::string(39, '0') + "\xC3"));
}

TEST(CurveKey, FiveLettersAreFourBytesAndNotMore) {
  EXPECT_TRUE(is_curve_key(std::string(35, '0') + "%nSc0"));   // 2^32 - 1
  EXPECT_FALSE(is_curve_key(std::string(35, '0') + "%nSc1"));  // 2^32
  EXPECT_FALSE(is_curve_key(std::string(35, '0') + "#####"));
}

}  // namespace
}  // namespace bridge
