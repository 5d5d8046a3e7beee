#pragma once

#include <string>
#include <string_view>

namespace bridge {

// Text that must not be seen: API secrets, private keys, listen keys. There is no way to print it:
// no stream operator, no formatter, no conversion; whoever needs the text says `reveal()`. The
// memory is overwritten when the value goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_{std::move(text)} {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) { return a.text_ == b.text_; }

 private:
  void wipe() noexcept;

  std::string text_;
};

}  // namespace bridge
