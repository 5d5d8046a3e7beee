#include "bridge/wire/bus/bus_value.hpp"

#include <optional>
#include <utility>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/text/json_text.hpp"
#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

// Reads msgpack from the front of a text. After the first error everything it returns is void.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_{bytes} {}

  Result<BusValue, BusReadError> decode() {
    BusValue value = read_value(0);
    if (!bytes_.empty()) fail(BusReadError::trailing_bytes);
    if (error_) return Failure<BusReadError>{*error_};
    return value;
  }

 private:
  BusValue read_value(std::size_t depth) {
    if (depth > bus_depth_max) return fail(BusReadError::too_deep);
    if (++value_count_ > bus_value_count_max) return fail(BusReadError::too_many_values);
    const auto form = read_unsigned(1);
    if (error_) return {};
    if (form < 0x80) return {form};
    if (form < 0x90) return read_map(form & 0x0F, depth);
    if (form < 0xA0) return read_list(form & 0x0F, depth);
    if (form < 0xC0) return {read_text(form & 0x1F)};
    if (form >= 0xE0) return integer(static_cast<std::int64_t>(form) - 0x100);
    return read_long_form(form, depth);
  }

  BusValue read_long_form(std::uint64_t form, std::size_t depth) {
    switch (form) {
      case 0xC0: return {};
      case 0xC2: return {false};
      case 0xC3: return {true};
      case 0xCC: return {read_unsigned(1)};
      case 0xCD: return {read_unsigned(2)};
      case 0xCE: return {read_unsigned(4)};
      case 0xCF: return {read_unsigned(8)};
      case 0xD0: return integer(static_cast<std::int8_t>(read_unsigned(1)));
      case 0xD1: return integer(static_cast<std::int16_t>(read_unsigned(2)));
      case 0xD2: return integer(static_cast<std::int32_t>(read_unsigned(4)));
      case 0xD3: return integer(static_cast<std::int64_t>(read_unsigned(8)));
      case 0xD9: return {read_text(read_unsigned(1))};
      case 0xDA: return {read_text(read_unsigned(2))};
      case 0xDB: return {read_text(read_unsigned(4))};
      case 0xDC: return read_list(read_unsigned(2), depth);
      case 0xDD: return read_list(read_unsigned(4), depth);
      case 0xDE: return read_map(read_unsigned(2), depth);
      case 0xDF: return read_map(read_unsigned(4), depth);
      default: return fail(BusReadError::unsupported_type);
    }
  }

  // Other writers use the signed forms for what is not negative too.
  static BusValue integer(std::int64_t number) {
    if (number < 0) return {number};
    return {static_cast<std::uint64_t>(number)};
  }

  // A count that promises more than there are bytes is not believed, so nothing is reserved for it.
  BusValue read_list(std::uint64_t size, std::size_t depth) {
    BusValue::List list;
    for (std::uint64_t i = 0; i < size && !error_; ++i) list.push_back(read_value(depth + 1));
    return {std::move(list)};
  }

  BusValue read_map(std::uint64_t size, std::size_t depth) {
    BusValue::Map map;
    for (std::uint64_t i = 0; i < size && !error_; ++i) {
      BusValue key = read_value(depth + 1);
      if (error_) break;
      auto* text = std::get_if<std::string>(&key.value);
      if (text == nullptr) return fail(BusReadError::key_not_text);
      map.push_back({std::move(*text), read_value(depth + 1)});
    }
    return {std::move(map)};
  }

  std::string read_text(std::uint64_t size) {
    if (error_) return {};
    if (size > bytes_.size()) {
      fail(BusReadError::cut_off);
      return {};
    }
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return is_valid_utf8(text) ? std::string{text} : valid_utf8(text);
  }

  std::uint64_t read_unsigned(std::size_t size) {
    if (error_) return 0;
    if (size > bytes_.size()) {
      fail(BusReadError::cut_off);
      return 0;
    }
    std::uint64_t number = 0;
    for (const char byte : bytes_.substr(0, size))
      number = number << 8 | static_cast<unsigned char>(byte);
    bytes_.remove_prefix(size);
    return number;
  }

  BusValue fail(BusReadError error) {
    if (!error_) error_ = error;
    bytes_ = {};
    return {};
  }

  std::string_view bytes_;
  std::size_t value_count_ = 0;
  std::optional<BusReadError> error_;
};

void append_json(std::string& json, const BusValue& value);

struct JsonAppender {
  std::string& json;

  void operator()(std::monostate) const { json += "null"; }
  void operator()(bool value) const { json += value ? "true" : "false"; }
  void operator()(std::uint64_t value) const { json += std::to_string(value); }
  void operator()(std::int64_t value) const { json += std::to_string(value); }
  void operator()(const std::string& value) const { append_json_string(json, value); }
  void operator()(const BusValue::List& list) const {
    json += '[';
    for (const BusValue& element : list) {
      if (&element != &list.front()) json += ',';
      append_json(json, element);
    }
    json += ']';
  }
  void operator()(const BusValue::Map& map) const {
    json += '{';
    for (const BusMember& member : map) {
      if (&member != &map.front()) json += ',';
      append_json_string(json, member.key);
      json += ':';
      append_json(json, member.value);
    }
    json += '}';
  }
};

void append_json(std::string& json, const BusValue& value) {
  std::visit(JsonAppender{json}, value.value);
}

}  // namespace

const BusValue* BusValue::find(std::string_view key) const {
  const auto* map = std::get_if<Map>(&value);
  if (map == nullptr) return nullptr;
  for (const BusMember& member : *map) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view to_string(BusReadError error) {
  switch (error) {
    case BusReadError::too_large: return "too large";
    case BusReadError::too_deep: return "too deep";
    case BusReadError::too_many_values: return "too many values";
    case BusReadError::cut_off: return "cut off";
    case BusReadError::trailing_bytes: return "trailing bytes";
    case BusReadError::unsupported_type: return "a type that the bus does not use";
    case BusReadError::key_not_text: return "a key that is no string";
  }
  BRIDGE_UNREACHABLE("not a BusReadError");
}

Result<BusValue, BusReadError> decode_bus_value(std::string_view bytes) {
  if (bytes.size() > bus_message_size_max) return Failure<BusReadError>{BusReadError::too_large};
  return Decoder{bytes}.decode();
}

std::string to_json(const BusValue& value) {
  std::string json;
  append_json(json, value);
  return json;
}

}  // namespace bridge
