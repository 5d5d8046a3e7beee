#include "tests/simulation/mutant.hpp"

#include <algorithm>
#include <array>

namespace simulation {
namespace {

using enum Mutant;

constexpr std::array mutants = {drop_while_synchronizing,
                                drop_an_update,
                                answer_with_old_snapshot,
                                ignore_an_account,
                                hide_staleness,
                                swap_position_sides,
                                lose_close_notification,
                                keep_old_socket,
                                open_streams_thrice,
                                flood_control_messages,
                                lose_a_publication,
                                publish_twice,
                                garble_a_frame,
                                ignore_weight,
                                ignore_bans,
                                never_renew_a_key,
                                value_with_previous_price};
static_assert(mutants.size() + 1 == static_cast<std::size_t>(count));

}  // namespace

std::string_view mutant_text(Mutant mutant) {
  switch (mutant) {
    case none: return "none";
    case drop_while_synchronizing: return "drop_while_synchronizing";
    case drop_an_update: return "drop_an_update";
    case answer_with_old_snapshot: return "answer_with_old_snapshot";
    case ignore_an_account: return "ignore_an_account";
    case hide_staleness: return "hide_staleness";
    case swap_position_sides: return "swap_position_sides";
    case lose_close_notification: return "lose_close_notification";
    case keep_old_socket: return "keep_old_socket";
    case open_streams_thrice: return "open_streams_thrice";
    case flood_control_messages: return "flood_control_messages";
    case lose_a_publication: return "lose_a_publication";
    case publish_twice: return "publish_twice";
    case garble_a_frame: return "garble_a_frame";
    case ignore_weight: return "ignore_weight";
    case ignore_bans: return "ignore_bans";
    case never_renew_a_key: return "never_renew_a_key";
    case value_with_previous_price: return "value_with_previous_price";
    case count: break;
  }
  return "";
}

std::optional<Mutant> parse_mutant(std::string_view text) {
  if (text == mutant_text(none)) return none;
  const auto found = std::find_if(mutants.begin(), mutants.end(),
                                  [text](Mutant mutant) { return mutant_text(mutant) == text; });
  if (found == mutants.end()) return std::nullopt;
  return *found;
}

std::span<const Mutant> all_mutants() {
  return mutants;
}

}  // namespace simulation
