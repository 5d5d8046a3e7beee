#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace simulation {

/// A fault that is planted in the world around the sessions, as if their driver had it. Each must
/// be caught by a checker, or the checkers prove nothing.
enum class Mutant : std::uint8_t {
  none,
  drop_while_synchronizing,   // events that come before the snapshot's answers are not passed on
  drop_an_update,             // now and then an ACCOUNT_UPDATE is not passed on
  answer_with_old_snapshot,   // positionRisk is answered with what it said the time before
  ignore_an_account,          // nothing is done that the first account wants
  hide_staleness,             // what goes stale is published as live
  swap_position_sides,        // LONG and SHORT are taken for each other
  lose_close_notification,    // a session is not told that its stream is closed
  keep_old_socket,            // a stream that a session gives up stays open
  open_streams_thrice,        // each stream is opened three times
  flood_control_messages,     // each SUBSCRIBE is sent twelve times
  lose_a_publication,         // now and then a message does not reach the bus
  publish_twice,              // now and then a message comes twice
  garble_a_frame,             // now and then the end of a mark price is missing
  ignore_weight,              // each request is made thirty times
  ignore_bans,                // the bridge is not told that its address is banned
  never_renew_a_key,          // listen keys are not kept alive
  value_with_previous_price,  // profit is published as it was at the price before
  count
};

std::string_view mutant_text(Mutant mutant);
std::optional<Mutant> parse_mutant(std::string_view text);
/// All but `none`.
std::span<const Mutant> all_mutants();

}  // namespace simulation
