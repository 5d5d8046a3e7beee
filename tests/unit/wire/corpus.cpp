#include "tests/unit/wire/corpus.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bridge::test {
namespace {

// The payload is the last member of its line and is kept as it was sent, so it is cut out of the
// text.
std::string payload_of(const std::string& line) {
  constexpr std::string_view mark = "\"payload\": ";
  const std::size_t start = line.find(mark);
  const std::size_t end = line.rfind('}');
  if (start == std::string::npos || end == std::string::npos) return {};
  return line.substr(start + mark.size(), end - start - mark.size());
}

}  // namespace

bool corpus_is_there() {
  return std::filesystem::exists(CORPUS_FOLDER);
}

std::vector<CorpusMessage> corpus(std::string_view kind) {
  const std::string file = std::string{kind} + ".jsonl";
  std::ifstream in{std::filesystem::path{CORPUS_FOLDER} / file};
  std::vector<CorpusMessage> messages;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto whole = parse_exactly(line);
    std::string payload = payload_of(line);
    auto value = parse_exactly(payload);
    if (!whole || !value) {
      ADD_FAILURE() << file << ":" << number << " cannot be read";
      continue;
    }
    messages.push_back(
        {file, number, whole->at("market").text, std::move(payload), std::move(*value)});
  }
  EXPECT_FALSE(messages.empty()) << file;
  return messages;
}

std::vector<CorpusMessage> corpus(std::initializer_list<std::string_view> kinds) {
  std::vector<CorpusMessage> messages;
  for (const std::string_view kind : kinds) {
    for (CorpusMessage& message : corpus(kind)) messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace bridge::test
