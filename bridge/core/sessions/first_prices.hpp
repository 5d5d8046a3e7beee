#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Asks premiumIndex for the mark price of a symbol that an account has begun to hold and that has
// no price yet, so that a position is valued after one round trip and not after the first tick of
// its stream, which comes up to three seconds after the subscription.
//
// The stream remains what prices come from: a request that fails is repeated a few times, then the
// symbol is left to its stream.
class FirstPrices {
 public:
  void stop();
  void wake(const PositionFeed& feed, Now now, Effects& effects);
  // In the past when the held symbols changed since the last wake().
  MonotonicTime deadline(const PositionFeed& feed) const;

  bool awaits(RequestNumber request) const { return under_way_.contains(request); }
  // Hands the prices of held symbols to the feed.
  void answer(RequestNumber request, const RestReply& reply, PositionFeed& feed, Now now);

 private:
  std::vector<std::string> symbols_to_ask_for(const PositionFeed& feed);
  void ask(Endpoint endpoint, const std::string& symbol, Effects& effects);

  std::uint64_t followed_revision_ = 0;
  MonotonicTime repeat_at_ = never;
  std::map<std::string, int, std::less<>> requests_made_;  // by symbol
  std::map<RequestNumber, std::string> under_way_;         // the symbol; empty: all of them
  RequestNumber last_request_ = 0;
};

}  // namespace bridge
