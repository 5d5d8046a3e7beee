#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/mark_price_mode.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What one mark price connection was asked for and what has come of it. Follows the symbols that
// any account holds: subscribes when the first position of a symbol opens, unsubscribes when the
// last one closes, in batches, below the rate that the exchange takes.
//
// An acknowledged subscription proves nothing: unknown symbols and wrong routes are acknowledged
// too. Only a price does, so a symbol without one is asked for again, at growing intervals.
class MarkSubscriptions {
 public:
  // The connection is open.
  void begin(MarkPriceMode mode, Now now);

  // Whether a price came on this connection is noted here by who knows (note_price), or seen from
  // the feed where no other connection brings prices.
  enum class Proof : std::uint8_t { noted, seen_by_feed };

  // Asks again for what has not come in time.
  void check_first_prices(const PositionFeed& feed, Proof proof, Now now, Effects& log);
  // The next message to be sent, if there is one and it may be sent now; `stream` and `id` are left
  // to be filled in.
  std::optional<effect::ChangeSubscriptions> next_message(const PositionFeed& feed, Now now,
                                                          Effects& log);

  void note_price(std::string_view symbol);
  bool has_brought(std::string_view symbol) const { return brought_.contains(symbol); }

  // Whether prices are to be expected at all.
  bool is_empty() const { return !has_asked_for_all_ && asked_.empty(); }
  std::size_t count() const { return has_asked_for_all_ ? 1 : asked_.size(); }
  // Whether everything that is held has been asked for.
  bool is_settled(const PositionFeed& feed) const { return !control_is_due_ && !is_behind(feed); }

  // In the past when the held symbols changed since the last next_message().
  MonotonicTime deadline(const PositionFeed& feed) const;

 private:
  // A symbol that the exchange was asked for on this connection.
  struct Asked {
    MonotonicTime at;
    Duration patience{};  // how long to wait for the first price
    bool again = false;
  };

  bool is_behind(const PositionFeed& feed) const;
  std::vector<std::string> symbols_to_subscribe(const PositionFeed& feed) const;
  std::vector<std::string> symbols_to_unsubscribe(const PositionFeed& feed) const;
  void ask_for(const std::vector<std::string>& symbols, Now now);
  void note_what_has_no_room(const PositionFeed& feed, Effects& log);

  MarkPriceMode mode_ = MarkPriceMode::per_symbol;
  bool has_asked_for_all_ = false;
  std::map<std::string, Asked, std::less<>> asked_;
  std::set<std::string, std::less<>> brought_;
  std::uint64_t followed_revision_ = 0;
  bool control_is_due_ = false;       // the exchange and the held symbols do not agree yet
  MonotonicTime control_allowed_at_;  // the rate limit of control messages
  MonotonicTime first_price_check_ = never;
  bool has_noted_lack_of_room_ = false;
};

}  // namespace bridge
