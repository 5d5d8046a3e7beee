#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/core/values/result.hpp"

namespace bridge {

struct BusMember;

// A decoded message or a part of it, with every key and in the order of the message: what a reader
// does not know it can still show. The bus has no floating-point numbers and no binary strings.
struct BusValue {
  using List = std::vector<BusValue>;
  using Map = std::vector<BusMember>;

  // Integers are signed only below zero.
  std::variant<std::monostate, bool, std::uint64_t, std::int64_t, std::string, List, Map> value;

  bool is_nil() const { return std::holds_alternative<std::monostate>(value); }
  // Null when this is no map or has no such key.
  const BusValue* find(std::string_view key) const;
};

struct BusMember {
  std::string key;
  BusValue value;
};

// Bounds of what is decoded; the bridge's own messages are far below them.
constexpr std::size_t bus_message_size_max = std::size_t{1024} * 1024;
constexpr std::size_t bus_depth_max = 8;
constexpr std::size_t bus_value_count_max = 100'000;

enum class BusReadError : std::uint8_t {
  too_large,
  too_deep,
  too_many_values,
  cut_off,           // ends in the middle of a value
  trailing_bytes,    // goes on after its end
  unsupported_type,  // a type that the bus does not use: a float, a binary string, an extension
  key_not_text,
};

std::string_view to_string(BusReadError error);

// Decodes one msgpack value, from whoever it comes: any bytes give a value or an error, in time and
// memory that are bounded by the limits above.
Result<BusValue, BusReadError> decode_bus_value(std::string_view bytes);

// One line of JSON, keys in the order of the message. Integers are written in full, also above
// 2^53.
std::string to_json(const BusValue& value);

}  // namespace bridge
