#include "tests/exchange/model/statistics.hpp"

namespace exchange {

std::string_view violation_text(Violation violation) {
  switch (violation) {
    case Violation::request_weight: return "request_weight";
    case Violation::request_while_banned: return "request_while_banned";
    case Violation::message_rate: return "message_rate";
    case Violation::stream_count: return "stream_count";
    case Violation::pong_missing: return "pong_missing";
    case Violation::bad_signature: return "bad_signature";
    case Violation::timestamp: return "timestamp";
    case Violation::unknown_api_key: return "unknown_api_key";
    case Violation::missing_parameter: return "missing_parameter";
    case Violation::unknown_path: return "unknown_path";
    case Violation::count_: break;
  }
  return "";
}

void Statistics::asked(std::string_view method_and_path) {
  const auto found = requests.find(method_and_path);
  if (found != requests.end()) {
    ++found->second;
  } else {
    requests.emplace(method_and_path, 1);
  }
}

}  // namespace exchange
