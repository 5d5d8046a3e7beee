#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/positions/publications.hpp"
#include "bridge/wire/bus/bus_identity.hpp"
#include "bridge/wire/bus/bus_value.hpp"
#include "tests/subscribers/schemas/described_messages.hpp"
#include "tests/subscribers/schemas/vectors.hpp"

// The code and schemas/v1 say the same: the keys and their order, and every word of every set. Who
// changes one of them is told here to change the other.
namespace bridge::test {
namespace {

using Words = std::vector<std::string>;

Words texts(simdjson::dom::element list) {
  Words words;
  for (const auto element : list.get_array())
    if (!element.is_null()) words.emplace_back(element.get_string().value());
  return words;
}

template <class Word>
Words words_of_the_code(int count) {
  Words words;
  for (int i = 0; i < count; ++i) words.emplace_back(to_string(static_cast<Word>(i)));
  return words;
}

Words keys_of(const BusValue& message) {
  Words keys;
  for (const BusMember& member : std::get<BusValue::Map>(message.value)) keys.push_back(member.key);
  return keys;
}

simdjson::dom::element property(std::string_view schema, std::string_view key) {
  return published_schema(schema)["properties"][key].value();
}

// A set that may grow: {"anyOf": [{"enum": [...]}, {"minLength": 1}]}.
Words open_set(simdjson::dom::element described) {
  return texts(described["anyOf"].at(0)["enum"].value());
}

TEST(SchemaDrift, EveryMessageHasTheKeysOfItsSchemaInTheirOrder) {
  Words seen;
  for (const Vector& vector : current_vectors()) {
    const std::string type{vector.value["type"].get_string().value()};
    const BusValue made = decode_bus_value(make_message(vector.value).bytes).value();
    EXPECT_EQ(keys_of(made), described_keys(type)) << vector.name;
    if (const BusValue* positions = made.find("positions"); positions && !positions->is_nil()) {
      for (const BusValue& position : std::get<BusValue::List>(positions->value))
        EXPECT_EQ(keys_of(position), described_keys("position.update")) << vector.name;
    }
    if (seen.empty() || seen.back() != type) seen.push_back(type);
  }
  EXPECT_EQ(seen, (Words{"account.status", "bridge.heartbeat", "bridge.shutdown",
                         "position.snapshot", "position.update"}));
}

TEST(SchemaDrift, TheVersionIsThatOfTheSchema) {
  EXPECT_EQ(published_schema("common")["$defs"]["version"]["const"].get_uint64().value(),
            bus_version);
}

TEST(SchemaDrift, ClosedSetsHaveTheWordsOfTheCode) {
  EXPECT_EQ(texts(property("position.update", "position_side")["enum"].value()),
            words_of_the_code<PositionSide>(position_side_count));
  EXPECT_EQ(texts(property("position.update", "side")["enum"].value()),
            words_of_the_code<Side>(side_count));
  EXPECT_EQ(texts(property("position.update", "margin_type")["enum"].value()),
            words_of_the_code<MarginType>(margin_type_count));
}

TEST(SchemaDrift, OpenSetsHaveTheWordsOfTheCode) {
  EXPECT_EQ(open_set(property("position.update", "state")),
            words_of_the_code<PositionState>(position_state_count));
  EXPECT_EQ(open_set(property("position.update", "trigger")),
            words_of_the_code<Trigger>(trigger_count));
  const auto common = published_schema("common")["$defs"];
  EXPECT_EQ(open_set(common["venue"].value()), words_of_the_code<Venue>(venue_count));
  EXPECT_EQ(open_set(common["account_state"].value()),
            words_of_the_code<AccountState>(account_state_count));
}

TEST(SchemaDrift, TheLongestDecimalIsThatOfTheSchema) {
  const auto common = published_schema("common")["$defs"];
  for (const char* name : {"decimal", "unsigned_decimal"})
    EXPECT_EQ(common[name]["maxLength"].get_uint64().value(), Decimal::text_size_max) << name;
}

}  // namespace
}  // namespace bridge::test
