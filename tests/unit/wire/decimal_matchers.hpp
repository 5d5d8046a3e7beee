#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "bridge/core/values/decimal.hpp"
#include "tests/unit/wire/exact_json.hpp"

namespace bridge::test {

// `read` is what `sent` says: the same number, and, but for exponents, the same digits.
inline void expect_same_number(const Decimal& read, const ExactJson& sent,
                               const std::string& where) {
  EXPECT_EQ(normalized_number(read.to_string()), normalized_number(sent.text)) << where;
  if (sent.text.find_first_of("eE") == std::string::npos) {
    EXPECT_EQ(read.to_string(), sent.text) << where;
  }
}

// The same for a member that may be missing or empty, which both mean "absent".
inline void expect_same_number(const std::optional<Decimal>& read, const ExactJson* sent,
                               const std::string& where) {
  const bool is_sent = sent != nullptr && !sent->text.empty();
  ASSERT_EQ(read.has_value(), is_sent) << where;
  if (read) expect_same_number(*read, *sent, where);
}

}  // namespace bridge::test
