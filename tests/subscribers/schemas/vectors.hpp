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
  bool is_exact = false;  // the bridge makes exactly these bytes of this value
  simdjson::dom::element value;
  std::string bytes;
};

// All of them, in the order of their names; their memory lasts as long as the program.
const std::vector<Vector>& published_vectors();

// The JSON Schema of that name ("position.update", "common"), which lasts likewise.
simdjson::dom::element published_schema(std::string_view name);

}  // namespace bridge::test
