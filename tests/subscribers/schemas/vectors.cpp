#include "tests/subscribers/schemas/vectors.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <map>
#include <stdexcept>

namespace bridge::test {
namespace {

namespace fs = std::filesystem;

simdjson::dom::element load(const fs::path& file) {
  static std::deque<simdjson::dom::parser> parsers;  // each keeps what it has read
  return parsers.emplace_back().load(file.string()).value();
}

std::string from_hexadecimal(std::string_view digits) {
  if (digits.size() % 2 != 0) throw std::runtime_error{"an odd number of hexadecimal digits"};
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string{digits.substr(i, 2)}, nullptr, 16)));
  return bytes;
}

Vector read_vector(const fs::path& file) {
  const simdjson::dom::element vector = load(file);
  return {.name = std::string{vector["name"].get_string().value()},
          .topic = std::string{vector["topic"].get_string().value()},
          .is_valid = vector["valid"].get_bool().value(),
          .is_exact = vector["exact"].get_bool().value(),
          .value = vector["value"].value(),
          .bytes = from_hexadecimal(vector["msgpack_hex"].get_string().value())};
}

std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  for (const auto& entry : fs::directory_iterator{SCHEMAS_FOLDER "/vectors/v1"})
    if (entry.path().extension() == ".json") vectors.push_back(read_vector(entry.path()));
  std::sort(vectors.begin(), vectors.end(),
            [](const Vector& a, const Vector& b) { return a.name < b.name; });
  return vectors;
}

bool has_described_keys(simdjson::dom::element message) {
  std::vector<std::string> keys;
  for (const auto field : message.get_object()) keys.emplace_back(field.key);
  return keys == described_keys(message["type"].get_string().value());
}

bool is_current(const Vector& vector) {
  if (!vector.is_exact || !has_described_keys(vector.value)) return false;
  simdjson::dom::array positions;
  if (vector.value["positions"].get(positions) != simdjson::SUCCESS) return true;
  return std::all_of(positions.begin(), positions.end(), has_described_keys);
}

}  // namespace

const std::vector<Vector>& published_vectors() {
  static const std::vector<Vector> vectors = read_vectors();
  return vectors;
}

std::vector<Vector> current_vectors() {
  std::vector<Vector> current;
  std::copy_if(published_vectors().begin(), published_vectors().end(), std::back_inserter(current),
               is_current);
  return current;
}

std::vector<std::string> described_keys(std::string_view type) {
  static std::map<std::string, std::vector<std::string>, std::less<>> known;
  const auto found = known.find(type);
  if (found != known.end()) return found->second;
  std::vector<std::string>& keys = known[std::string{type}];
  for (const auto field : published_schema(type)["properties"].get_object())
    keys.emplace_back(field.key);
  return keys;
}

simdjson::dom::element published_schema(std::string_view name) {
  return load(fs::path{SCHEMAS_FOLDER "/v1"} / (std::string{name} + ".schema.json"));
}

}  // namespace bridge::test
