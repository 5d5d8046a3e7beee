#pragma once

#include <cstdint>
#include <utility>

#include "bridge/core/positions/account_standing.hpp"
#include "bridge/core/positions/position_book.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/positions/topic.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Of one account; read by the metrics thread.
struct AccountGauges {
  Gauge<AccountState> state;
  Gauge<std::uint64_t> positions_open;
  Gauge<std::uint64_t> positions_stale;  // open ones that were published as stale last
  Counters<Trigger, trigger_count> updates_published;
  Counter updates_ignored;  // older than what was known
};

// What a PositionFeed keeps of one account.
struct FeedAccount {
  FeedAccount(AccountIdentity account, WallTime now)
      : identity{std::move(account)}, standing{now} {
    gauges.state.set(standing.state());
  }

  AccountIdentity identity;
  PositionBook book;
  AccountTopics topics;
  AccountStanding standing;
  bool is_confirmed = false;  // the exchange has said once what the account holds
  bool is_retired = false;
  AccountGauges gauges;
};

}  // namespace bridge
