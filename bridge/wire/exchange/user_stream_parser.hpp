#pragma once

#include <memory>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/values/padded_text.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/wire/exchange/parse_error.hpp"

namespace bridge {

// Reads the frames of a user-data stream, bare or in the envelope {"stream":…,"data":{…}}.
//
// Lenient in form: any order of members, numbers as strings and strings as numbers, unknown
// members, empty strings for what is not there. Strict in meaning: a position without symbol, side,
// amount or entry price, or with one that cannot be read, makes the whole frame an error, because a
// position that is silently left out looks like one that did not change.
class UserStreamParser {
 public:
  UserStreamParser();
  ~UserStreamParser();
  UserStreamParser(UserStreamParser&&) noexcept;
  UserStreamParser& operator=(UserStreamParser&&) noexcept;

  // The result owns what it holds.
  Result<UserMessage, ParseError> parse(PaddedText frame);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace bridge
