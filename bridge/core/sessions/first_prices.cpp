#include "bridge/core/sessions/first_prices.hpp"

#include <algorithm>
#include <variant>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

bool has_price(const PositionFeed& feed, std::string_view symbol) {
  const auto id = feed.symbols().find(symbol);
  return id && feed.mark_prices().find(*id) != nullptr;
}

}  // namespace

void FirstPrices::stop() {
  // Request numbers go on, so that an answer that comes after a new start is not taken for another.
  const RequestNumber last_request = last_request_;
  *this = {};
  last_request_ = last_request;
}

void FirstPrices::wake(const PositionFeed& feed, Now now, Effects& effects) {
  if (deadline(feed) > now.monotonic) return;
  followed_revision_ = feed.held_symbols_revision();
  repeat_at_ = never;
  const std::vector<std::string> symbols = symbols_to_ask_for(feed);
  if (symbols.empty()) return;
  repeat_at_ = now.monotonic + limits::first_price_request_repeat;
  for (const std::string& symbol : symbols) ++requests_made_[symbol];
  const int weight_of_all = request_weight(Endpoint::premium_index_of_all);
  const int weight_of_one = request_weight(Endpoint::premium_index);
  if (static_cast<int>(symbols.size()) * weight_of_one > weight_of_all)
    return ask(Endpoint::premium_index_of_all, {}, effects);
  for (const std::string& symbol : symbols) ask(Endpoint::premium_index, symbol, effects);
}

std::vector<std::string> FirstPrices::symbols_to_ask_for(const PositionFeed& feed) {
  const auto& held = feed.held_symbols();
  std::erase_if(requests_made_, [&](const auto& made) {
    return !held.contains(made.first) || has_price(feed, made.first);
  });
  std::vector<std::string> symbols;
  for (const std::string& symbol : held) {
    const auto made = requests_made_.find(symbol);
    if (made != requests_made_.end() && made->second >= limits::first_price_requests_max) continue;
    if (has_price(feed, symbol)) continue;
    const bool is_under_way = std::any_of(
        under_way_.begin(), under_way_.end(),
        [&](const auto& request) { return request.second.empty() || request.second == symbol; });
    if (!is_under_way) symbols.push_back(symbol);
  }
  return symbols;
}

void FirstPrices::ask(Endpoint endpoint, const std::string& symbol, Effects& effects) {
  const RequestNumber number = ++last_request_;
  under_way_.emplace(number, symbol);
  effects.add(effect::Request{number, endpoint, Urgency::synchronization, symbol});
}

MonotonicTime FirstPrices::deadline(const PositionFeed& feed) const {
  return feed.held_symbols_revision() != followed_revision_ ? MonotonicTime{} : repeat_at_;
}

void FirstPrices::answer(RequestNumber request, const RestReply& reply, PositionFeed& feed,
                         Now now) {
  if (under_way_.erase(request) == 0) return;
  const auto* index = std::get_if<PremiumIndex>(&reply);
  if (index == nullptr) return;  // the gate and the metrics have seen the failure
  for (const PremiumIndexRow& row : index->rows) {
    if (!feed.held_symbols().contains(row.symbol) || has_price(feed, row.symbol)) continue;
    feed.apply({.symbol = row.symbol,
                .family = SymbolFamily::usd_margined,
                .event_time = row.time,
                .mark_price = row.mark_price,
                .index_price = row.index_price,
                .funding_rate = row.funding_rate,
                .next_funding_time = row.next_funding_time},
               MarkPrices::Source::rest, now);
  }
}

}  // namespace bridge
