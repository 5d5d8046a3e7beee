#include "bridge/app/configuration/config_suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "bridge/app/configuration/config_problem.hpp"

namespace bridge {
namespace {

// Longer ones are no misspelt keys, and comparing them costs their length squared.
constexpr std::size_t word_size_max = 64;

}  // namespace

// Optimal string alignment, with the two previous rows kept.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string suggestion(std::string_view text, std::span<const std::string_view> words) {
  std::string_view closest;
  std::size_t closest_distance = std::numeric_limits<std::size_t>::max();
  if (text.size() <= word_size_max) {
    for (const std::string_view word : words) {
      const std::size_t distance = edit_distance(text, word);
      if (distance >= closest_distance) continue;
      closest = word;
      closest_distance = distance;
    }
  }
  const std::size_t distance_max = std::max<std::size_t>(1, closest.size() / 3);
  if (!closest.empty() && closest_distance <= distance_max)
    return fmt::format("did you mean {}?", in_quotes(closest));
  return fmt::format("known here: {}", fmt::join(words, ", "));
}

}  // namespace bridge
