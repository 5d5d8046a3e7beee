#include "bridge/core/values/secret.hpp"

#include <string.h>

#include <utility>

namespace bridge {

Secret::Secret(Secret&& other) noexcept : text_{std::move(other.text_)} {
  other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  // A short string lives in the object itself, and a moved-from one may have left its bytes there:
  // overwrite all of the capacity, not just the size.
  text_.resize(text_.capacity());
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace bridge
