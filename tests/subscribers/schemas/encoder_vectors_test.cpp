#include <gtest/gtest.h>

#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>

#include "bridge/core/positions/valuation.hpp"
#include "bridge/wire/bus/bus_topics.hpp"
#include "bridge/wire/bus/message_reader.hpp"
#include "tests/subscribers/schemas/described_messages.hpp"
#include "tests/subscribers/schemas/vectors.hpp"

// The bridge against schemas/vectors: what it sends is what is published for every language.
namespace bridge::test {
namespace {

std::string hexadecimal(std::string_view bytes) {
  std::ostringstream out;
  out << std::hex << std::setfill('0');
  for (const char byte : bytes)
    out << std::setw(2) << static_cast<int>(static_cast<unsigned char>(byte));
  return out.str();
}

TEST(EncoderVectors, TheBridgeMakesExactlyThePublishedBytes) {
  int compared = 0;
  for (const Vector& vector : current_vectors()) {
    const MadeMessage made = make_message(vector.value);
    EXPECT_EQ(hexadecimal(made.bytes), hexadecimal(vector.bytes)) << vector.name;
    if (!made.topic.empty()) {
      EXPECT_EQ(made.topic, vector.topic) << vector.name;
    }
    ++compared;
  }
  EXPECT_GE(compared, 30) << "add vectors with the keys of today";
}

TEST(EncoderVectors, TopicsOfSnapshotsAreOnesThatTheBridgeAnswers) {
  int asked = 0;
  for (const Vector& vector : published_vectors()) {
    if (!vector.is_valid || !vector.topic.starts_with(snapshot_topic_prefix)) continue;
    EXPECT_EQ(snapshot_scope(vector.topic), vector.value["scope"].get_string().value())
        << vector.name;
    ++asked;
  }
  EXPECT_GE(asked, 5);
}

// Numbers in a vector are what they say; those of coin-margined contracts need their size, which is
// not in the message.
TEST(EncoderVectors, ProfitAndNotionalOfLinearPositionsAreTrue) {
  int reckoned = 0;
  for (const Vector& vector : published_vectors()) {
    if (!vector.name.starts_with("position.update-")) continue;
    const auto text = [&](const char* key) { return vector.value[key].get_string().value(); };
    const auto decimal = [&](const char* key) { return Decimal::parse(text(key)).value(); };
    const bool is_linear = text("venue") == "binance-usdm" || text("venue") == "binance-pm-um";
    if (!is_linear || vector.value["mark_price"].is_null()) continue;
    const Decimal size = text("side") == "SHORT" ? decimal("size").negated() : decimal("size");
    const auto said = [&](const char* key) {
      return vector.value[key].is_null() ? std::optional<std::string>{} : std::string{text(key)};
    };
    const auto written = [](const std::optional<Decimal>& value) {
      return value ? std::optional{value->to_string()} : std::nullopt;
    };
    EXPECT_EQ(said("unrealized_pnl"),
              written(linear_unrealized_pnl(size, decimal("entry_price"), decimal("mark_price"))))
        << vector.name;
    EXPECT_EQ(said("notional"), written(linear_notional(size, decimal("mark_price"))))
        << vector.name;
    ++reckoned;
  }
  EXPECT_GE(reckoned, 15);
}

TEST(EncoderVectors, TheBridgesOwnReaderTakesEveryValidOne) {
  for (const Vector& vector : published_vectors()) {
    if (!vector.is_valid) continue;
    const auto message = read_message(vector.bytes);
    ASSERT_TRUE(message) << vector.name << ": " << message.error().what;
    EXPECT_FALSE(std::holds_alternative<ReceivedOther>(*message)) << vector.name;
  }
}

// `watch` shows what it gets and judges less than the schema does; bytes that are no message, keys
// that are missing and another version it refuses.
TEST(EncoderVectors, TheBridgesOwnReaderRefusesWhatItCannotRead) {
  int refused = 0;
  for (const Vector& vector : published_vectors()) {
    const bool is_unreadable = vector.name.starts_with("refused-bytes-") ||
                               vector.name.starts_with("refused-no-") ||
                               vector.name.starts_with("refused-float-") ||
                               vector.name.find("-version") != std::string::npos;
    if (!is_unreadable || vector.name == "refused-bytes-bad-utf8") continue;
    EXPECT_FALSE(read_message(vector.bytes)) << vector.name;
    ++refused;
  }
  EXPECT_GE(refused, 15);
}

}  // namespace
}  // namespace bridge::test
