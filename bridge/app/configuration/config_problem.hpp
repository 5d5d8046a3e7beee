#pragma once

#include <string>
#include <string_view>
#include <vector>

// What is wrong in a configuration, said so that its reader can put it right without a manual.
namespace bridge {

// Where a value stands. Line and column count from 1; 0 when the file as a whole is meant.
struct ConfigPlace {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string key;  // "publisher.bind[2]", "account.main.api_key"; an unnamed account is account[2]
};

// Never holds a secret: values that may be one are not repeated.
struct ConfigProblem {
  ConfigPlace place;
  std::string what;    // what is wrong
  std::string remedy;  // what would be right
};

// The same about a value whose place is known to the caller.
struct ValueProblem {
  std::string what;
  std::string remedy;
};

using ConfigProblems = std::vector<ConfigProblem>;

// "bridge.toml:7:15: http.listen: <what>; <remedy>", one line.
std::string to_string(const ConfigProblem& problem);

// Every problem on a line of its own.
std::string to_string(const ConfigProblems& problems);

// The text between quotes, on one line and not endless, whatever is in it.
std::string in_quotes(std::string_view text);

}  // namespace bridge
