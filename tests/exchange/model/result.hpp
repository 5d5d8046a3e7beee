#pragma once

#include <string>

#include <tl/expected.hpp>

namespace exchange {

/// A refusal in the exchange's own terms: its numeric code and its sentence.
struct Refusal {
  int code = 0;
  std::string message;
};

template <typename Value>
using Result = tl::expected<Value, Refusal>;

inline tl::unexpected<Refusal> refuse(int code, std::string message) {
  return tl::unexpected(Refusal{code, std::move(message)});
}

}  // namespace exchange
