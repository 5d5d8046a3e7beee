#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/wire/exact_json.hpp"

// Real messages of the exchange, which lie beside the project where they are available.
namespace bridge::test {

struct CorpusMessage {
  std::string file;
  std::size_t line = 0;
  std::string market;   // usdm, coinm, pm
  std::string payload;  // as sent
  ExactJson value;      // read independently of wire/

  std::string name() const { return file + ":" + std::to_string(line); }
};

bool corpus_is_there();

// The messages of <kind>.jsonl. Fails the test when the file has none or one that is no JSON.
std::vector<CorpusMessage> corpus(std::string_view kind);

// Of several kinds.
std::vector<CorpusMessage> corpus(std::initializer_list<std::string_view> kinds);

}  // namespace bridge::test

#define SKIP_WITHOUT_CORPUS()             \
  if (!::bridge::test::corpus_is_there()) \
  GTEST_SKIP() << "the corpus of real messages is not there: " CORPUS_FOLDER " is missing"
