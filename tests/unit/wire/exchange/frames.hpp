#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "bridge/core/values/padded_text.hpp"

namespace bridge::test {

// A frame in memory of exactly its size and padding, so that a sanitizer sees every step too far,
// and with a padding of our choice: behind a frame lies what the socket read before.
class Frame {
 public:
  explicit Frame(std::string_view text, char padding = '\0')
      : bytes_(text.size() + text_padding, padding), size_{text.size()} {
    std::copy(text.begin(), text.end(), bytes_.begin());
  }
  PaddedText text() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  std::size_t size_;
};

// What a parser that steps behind the end would take for a part of the frame.
constexpr std::string_view treacherous_paddings{"\0}],\"1{[:\\", 10};

}  // namespace bridge::test
