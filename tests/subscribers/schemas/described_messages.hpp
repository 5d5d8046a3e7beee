#pragma once

#include <simdjson.h>

#include <string>

// Messages made by the encoders of the bridge from values as the vectors write them.
namespace bridge::test {

struct MadeMessage {
  std::string topic;  // empty for a snapshot, whose topic its asker makes up
  std::string bytes;
};

// `value` is a message of a type that the bridge sends.
MadeMessage make_message(simdjson::dom::element value);

}  // namespace bridge::test
