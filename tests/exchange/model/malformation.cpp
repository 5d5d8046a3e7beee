#include "tests/exchange/model/malformation.hpp"

#include <array>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<Malformation, std::string_view>, 3> names = {{
    {Malformation::broken_json, "broken_json"},
    {Malformation::missing_field, "missing_field"},
    {Malformation::unknown_event, "unknown_event"},
}};

/// A field that can be taken away.
struct Candidate {
  Json* object;
  std::string_view name;
};

void add_fields(std::vector<Candidate>& candidates, Json& object,
                std::initializer_list<std::string_view> fields) {
  for (const std::string_view name : fields) {
    if (object.is_object() && object.contains(name)) candidates.push_back({&object, name});
  }
}

// Only fields without which an event cannot be understood: a client that never reads the others
// could not be blamed for taking such an event as it is.
std::vector<Candidate> essential_fields(Json& event) {
  std::vector<Candidate> candidates;
  add_fields(candidates, event, {"s", "p", "a", "o", "ac"});
  if (event.contains("a") && event["a"].is_object() && event["a"].contains("P")) {
    for (Json& row : event["a"]["P"]) add_fields(candidates, row, {"s", "pa", "ep", "ps"});
  }
  return candidates;
}

std::string without_a_field(std::string_view frame, Random& random) {
  Json json = Json::parse(frame, nullptr, false);
  if (json.is_discarded()) return std::string(frame);
  Json* event = json.is_object() && json.contains("data") ? &json["data"] : &json;
  if (event->is_array() && !event->empty()) event = &event->front();
  if (!event->is_object()) return std::string(frame);
  const std::vector<Candidate> candidates = essential_fields(*event);
  if (candidates.empty()) return std::string(frame);
  const Candidate& lost = candidates[random.below(candidates.size())];
  lost.object->erase(std::string(lost.name));
  return json.dump();
}

std::string of_unknown_type(std::string_view frame) {
  constexpr std::string_view before_type = "\"e\":\"";
  std::string text(frame);
  const std::size_t key = text.find(before_type);
  if (key == std::string::npos) return text;
  const std::size_t begin = key + before_type.size();
  return text.replace(begin, text.find('"', begin) - begin, "SOMETHING_NEW");
}

}  // namespace

std::string_view malformation_text(Malformation form) {
  for (const auto& [known, name] : names) {
    if (known == form) return name;
  }
  return "";
}

std::optional<Malformation> parse_malformation(std::string_view text) {
  for (const auto& [known, name] : names) {
    if (name == text) return known;
  }
  return std::nullopt;
}

std::string malformed(std::string_view frame, Malformation form, Random& random) {
  switch (form) {
    case Malformation::broken_json:
      // Never whole, never empty.
      return std::string(frame.substr(0, 1 + random.below(frame.size() - 1)));
    case Malformation::missing_field: return without_a_field(frame, random);
    case Malformation::unknown_event: return of_unknown_type(frame);
  }
  return std::string(frame);
}

}  // namespace exchange
