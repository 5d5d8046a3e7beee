#include "bridge/io/web/http_date.hpp"

#include <gtest/gtest.h>

namespace bridge {
namespace {

TEST(HttpDate, IsReadInTheFormThatServersMustSend) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), wall_time_from_ms(784'111'777'000));
  EXPECT_EQ(parse_http_date("Sat, 29 Feb 2028 23:59:59 GMT"), wall_time_from_ms(1'835'481'599'000));
}

TEST(HttpDate, OfAnotherFormIsNone) {
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Xyz 1994 08:49:37 GMT",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:61:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:3x GMT"})
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

}  // namespace
}  // namespace bridge
