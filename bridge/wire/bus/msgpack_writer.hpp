#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "bridge/core/values/decimal.hpp"

namespace bridge {

// Writes msgpack into memory that its user has measured before: it checks nothing, which is what
// makes it quick. Integers and lengths take their smallest form, so equal values are equal bytes.
class MsgpackWriter {
 public:
  // The head of a map, list, string or integer has at most so many bytes.
  static constexpr std::size_t head_size_max = 9;
  static constexpr std::size_t decimal_size_max = 2 + Decimal::text_size_max;

  explicit MsgpackWriter(char* out) : out_{out} {}

  char* end() const { return out_; }

  void nil() { byte(0xC0); }
  void boolean(bool value) { byte(value ? 0xC3 : 0xC2); }

  void unsigned_integer(std::uint64_t value) {
    if (value < 0x80) {
      byte(static_cast<unsigned>(value));
    } else if (value <= UINT8_MAX) {
      byte(0xCC);
      big_endian(static_cast<std::uint8_t>(value));
    } else if (value <= UINT16_MAX) {
      byte(0xCD);
      big_endian(static_cast<std::uint16_t>(value));
    } else if (value <= UINT32_MAX) {
      byte(0xCE);
      big_endian(static_cast<std::uint32_t>(value));
    } else {
      byte(0xCF);
      big_endian(value);
    }
  }

  void integer(std::int64_t value) {
    if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
    const auto bits = static_cast<std::uint64_t>(value);
    if (value >= -32) {
      byte(static_cast<unsigned>(bits & 0xFF));
    } else if (value >= INT8_MIN) {
      byte(0xD0);
      big_endian(static_cast<std::uint8_t>(bits));
    } else if (value >= INT16_MIN) {
      byte(0xD1);
      big_endian(static_cast<std::uint16_t>(bits));
    } else if (value >= INT32_MIN) {
      byte(0xD2);
      big_endian(static_cast<std::uint32_t>(bits));
    } else {
      byte(0xD3);
      big_endian(bits);
    }
  }

  // `text` is valid UTF-8.
  void text(std::string_view text) {
    text_head(text.size());
    raw(text);
  }

  void decimal(const Decimal& decimal) {
    char* const head = out_;
    out_ = decimal.write(out_ + 1);
    const auto size = static_cast<std::size_t>(out_ - head - 1);
    if (size < 32) {
      *head = static_cast<char>(0xA0 | size);
      return;
    }
    // A number this long is rare: make room for the second byte of its head.
    std::memmove(head + 2, head + 1, size);
    out_ = head;
    text_head(size);
    out_ += size;
  }

  void map(std::uint32_t size) { container(size, 0x80, 0xDE); }
  void list(std::uint32_t size) { container(size, 0x90, 0xDC); }

  // Bytes that are msgpack already.
  void raw(std::string_view bytes) {
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }

 private:
  void byte(unsigned value) { *out_++ = static_cast<char>(value); }

  template <class Unsigned>
  void big_endian(Unsigned value) {
    for (int shift = static_cast<int>(sizeof(Unsigned) - 1) * 8; shift >= 0; shift -= 8)
      byte(static_cast<unsigned>((value >> shift) & 0xFF));
  }

  void text_head(std::size_t size) {
    if (size < 32) {
      byte(static_cast<unsigned>(0xA0 | size));
    } else if (size <= UINT8_MAX) {
      byte(0xD9);
      big_endian(static_cast<std::uint8_t>(size));
    } else if (size <= UINT16_MAX) {
      byte(0xDA);
      big_endian(static_cast<std::uint16_t>(size));
    } else {
      byte(0xDB);
      big_endian(static_cast<std::uint32_t>(size));
    }
  }

  void container(std::uint32_t size, unsigned small_form, unsigned form_16) {
    if (size < 16) {
      byte(small_form | size);
    } else if (size <= UINT16_MAX) {
      byte(form_16);
      big_endian(static_cast<std::uint16_t>(size));
    } else {
      byte(form_16 + 1);
      big_endian(size);
    }
  }

  char* out_;
};

}  // namespace bridge
