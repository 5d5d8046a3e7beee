#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace bridge::test {

// A message of the bus as it is published for every language, with the bytes that it is.
struct Vector {
  std::string name;
  std::string topic;
  bool is_valid = false;  // a reader takes it
  bool is_exact = false;  // a bridge makes exactly these bytes of this value, or once did
  simdjson::dom::element value;
  std::string bytes;
};

// All of them, in the order of their names; their memory lasts as long as the program.
const std::vector<Vector>& published_vectors();

// Those that the bridge of today makes: exact, and no key has been added to the message since.
std::vector<Vector> current_vectors();

// The keys of a type of message, in the order of its schema.
std::vector<std::string> described_keys(std::string_view type);

// The JSON Schema of that name ("position.update", "common"), which lasts likewise.
simdjson::dom::element published_schema(std::string_view name);

}  // namespace bridge::test
