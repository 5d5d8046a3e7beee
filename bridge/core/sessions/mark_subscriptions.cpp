#include "bridge/core/sessions/mark_subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/limits/limits.hpp"

namespace bridge {

using Method = effect::ChangeSubscriptions::Method;

void MarkSubscriptions::begin(MarkPriceMode mode, Now now) {
  *this = {};
  mode_ = mode;
  control_is_due_ = true;
  control_allowed_at_ = now.monotonic;
}

bool MarkSubscriptions::is_behind(const PositionFeed& feed) const {
  return mode_ == MarkPriceMode::per_symbol && feed.held_symbols_revision() != followed_revision_;
}

MonotonicTime MarkSubscriptions::deadline(const PositionFeed& feed) const {
  return control_is_due_ || is_behind(feed) ? std::min(first_price_check_, control_allowed_at_)
                                            : first_price_check_;
}

void MarkSubscriptions::note_price(std::string_view symbol) {
  if (!brought_.contains(symbol)) brought_.emplace(symbol);
}

void MarkSubscriptions::check_first_prices(const PositionFeed& feed, Proof proof, Now now,
                                           Effects& log) {
  if (now.monotonic < first_price_check_) return;
  first_price_check_ = never;
  for (auto& [symbol, asked] : asked_) {
    if (has_brought(symbol)) continue;
    const auto id = feed.symbols().find(symbol);
    if (proof == Proof::seen_by_feed && id && feed.mark_prices().find(*id) != nullptr &&
        feed.mark_prices().streamed_at(*id) >= asked.at) {
      brought_.insert(symbol);
      continue;
    }
    const MonotonicTime due = asked.at + asked.patience;
    if (now.monotonic < due) {
      first_price_check_ = std::min(first_price_check_, due);
      continue;
    }
    log.log(LogLevel::warn, "no mark price for " + symbol + " since " +
                                std::to_string(asked.patience.count() / 1'000'000) +
                                " s; asking for it again");
    asked.patience = std::min(asked.patience * 2, limits::first_price_timeout_max);
    asked.again = control_is_due_ = true;
  }
}

std::optional<effect::ChangeSubscriptions> MarkSubscriptions::next_message(const PositionFeed& feed,
                                                                           Now now, Effects& log) {
  if (is_behind(feed)) {
    followed_revision_ = feed.held_symbols_revision();
    control_is_due_ = true;
  }
  if (!control_is_due_ || now.monotonic < control_allowed_at_) return std::nullopt;
  effect::ChangeSubscriptions message;
  if (mode_ == MarkPriceMode::all) {
    control_is_due_ = false;
    has_asked_for_all_ = message.all_symbols = true;
    return message;
  }
  if (auto wanted = symbols_to_subscribe(feed); !wanted.empty()) {
    ask_for(wanted, now);
    message.symbols = std::move(wanted);
  } else if (auto unwanted = symbols_to_unsubscribe(feed); !unwanted.empty()) {
    for (const std::string& symbol : unwanted) {
      asked_.erase(symbol);
      brought_.erase(symbol);
    }
    message.method = Method::unsubscribe;
    message.symbols = std::move(unwanted);
  } else {
    control_is_due_ = false;
    note_what_has_no_room(feed, log);
    return std::nullopt;
  }
  control_allowed_at_ = now.monotonic + limits::control_message_interval;
  return message;
}

void MarkSubscriptions::ask_for(const std::vector<std::string>& symbols, Now now) {
  for (const std::string& symbol : symbols) {
    const auto [place, is_new] = asked_.try_emplace(symbol);
    Asked& asked = place->second;
    if (is_new) asked.patience = limits::first_price_timeout;
    asked.again = false;
    asked.at = now.monotonic;
    first_price_check_ = std::min(first_price_check_, now.monotonic + asked.patience);
  }
}

std::vector<std::string> MarkSubscriptions::symbols_to_subscribe(const PositionFeed& feed) const {
  std::vector<std::string> symbols;
  std::size_t room = limits::streams_per_connection_max - asked_.size();
  for (const std::string& symbol : feed.held_symbols()) {
    if (symbols.size() == limits::symbols_per_control_message_max) break;
    const auto found = asked_.find(symbol);
    if (found != asked_.end()) {
      if (found->second.again) symbols.push_back(symbol);
    } else if (room > 0) {
      --room;
      symbols.push_back(symbol);
    }
  }
  return symbols;
}

std::vector<std::string> MarkSubscriptions::symbols_to_unsubscribe(const PositionFeed& feed) const {
  std::vector<std::string> symbols;
  for (const auto& [symbol, asked] : asked_) {
    if (symbols.size() == limits::symbols_per_control_message_max) break;
    if (!feed.held_symbols().contains(symbol)) symbols.push_back(symbol);
  }
  return symbols;
}

void MarkSubscriptions::note_what_has_no_room(const PositionFeed& feed, Effects& log) {
  if (feed.held_symbols().size() <= asked_.size()) {
    has_noted_lack_of_room_ = false;
  } else if (!std::exchange(has_noted_lack_of_room_, true)) {
    log.log(LogLevel::error, std::to_string(feed.held_symbols().size() - asked_.size()) +
                                 " held symbols get no mark price: a connection takes " +
                                 std::to_string(limits::streams_per_connection_max) +
                                 " of them; mark_price.mode \"all\" has no such limit");
  }
}

}  // namespace bridge
