#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bridge {

// simdjson reads up to so many bytes past the end of a text.
constexpr std::size_t text_padding = 64;

// Text with at least `text_padding` readable bytes behind it; a view, valid as long as its owner
// says. This is how a frame gets from a socket to a parser without being copied.
class PaddedText {
 public:
  PaddedText(const char* data, std::size_t size) : text_{data, size} {}

  std::string_view view() const { return text_; }
  const char* data() const { return text_.data(); }
  std::size_t size() const { return text_.size(); }

 private:
  std::string_view text_;
};

// Owns a padded copy of a text that came without padding.
class PaddedCopy {
 public:
  explicit PaddedCopy(std::string_view text) : bytes_{text}, size_{text.size()} {
    bytes_.resize(size_ + text_padding);
  }
  PaddedText text() const { return {bytes_.data(), size_}; }

 private:
  std::string bytes_;
  std::size_t size_;
};

}  // namespace bridge
