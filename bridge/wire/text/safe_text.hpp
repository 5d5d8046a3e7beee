#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bridge {

// The size of a text that we repeat after somebody, say in a log, when it is not ours to choose.
constexpr std::size_t foreign_text_size_max = 200;

// Somebody else's text made fit for a line of a log: control characters become spaces, invalid
// UTF-8 is replaced, and what is longer than `size_max` bytes is cut between two characters.
std::string safe_text(std::string_view text, std::size_t size_max = foreign_text_size_max);

}  // namespace bridge
