#include "tests/subscribers/schemas/vectors.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
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

}  // namespace

const std::vector<Vector>& published_vectors() {
  static const std::vector<Vector> vectors = read_vectors();
  return vectors;
}

simdjson::dom::element published_schema(std::string_view name) {
  return load(fs::path{SCHEMAS_FOLDER "/v1"} / (std::string{name} + ".schema.json"));
}

}  // namespace bridge::test
