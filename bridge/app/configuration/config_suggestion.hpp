#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bridge {

// How many letters must be inserted, removed, replaced or swapped with their neighbour to make one
// word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// `did you mean "log_level"?` when one of the words is close to the text, else the list of them:
// `known here: instance, log_level`.
std::string suggestion(std::string_view text, std::span<const std::string_view> words);

}  // namespace bridge
