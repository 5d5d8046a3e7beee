#include "tests/simulation/checkers/freshness_checker.hpp"

#include <algorithm>
#include <optional>

#include "bridge/core/limits/limits.hpp"

namespace simulation {
namespace {

using namespace std::chrono_literals;

// The bridge looks at the ages of prices so often.
constexpr bridge::Duration check_interval = 500ms;
constexpr bridge::Duration rounding = 10ms;
// The bridge's estimate of the exchange's clock is behind by as much as the answer was late that it
// is made from; this is the latest that requests get.
constexpr bridge::Duration clock_lateness_max = 10s;

}  // namespace

void FreshnessChecker::settled(AccountIndex account) {
  if (is_live(account) && !scene().is_paused()) check_streams(account);
}

void FreshnessChecker::sweep() {
  if (scene().is_paused()) return;
  std::optional<AccountIndex> any_live;
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account) {
    if (!is_live(account)) continue;
    any_live = account;
    if (!is_fresh(scene().network.link_of(account))) check_stream(account, account, "user stream");
  }
  if (any_live) check_stream(*any_live, nobody, "mark price stream");
  check_prices();
}

void FreshnessChecker::published_position(const bridge::PositionUpdate& update, AccountIndex) {
  if (update.trigger == bridge::Trigger::mark_price && update.mark_price != nullptr) {
    const Instant sent = VirtualClock::instant_of(update.mark_price->event_time);
    const Instant age_begins = std::min(scene().clock.elapsed(), sent + clock_lateness_max);
    prices_fresh_until_ = std::min(prices_fresh_until_, age_begins + price_age_max());
  } else {
    unchecked_.push_back(update.topic);
  }
}

// Looks at everything only when something may be too old by now.
void FreshnessChecker::check_prices() {
  const bool is_due = scene().clock.elapsed() > prices_fresh_until_;
  if (!is_due && unchecked_.empty()) return;
  const exchange::SymbolTable& symbols = scene().exchange.world().symbols;
  for (std::size_t symbol = 0; symbol < heard_at_.size(); ++symbol)
    heard_at_[symbol] =
        scene().driver.price_heard_at(symbols[static_cast<exchange::SymbolId>(symbol)].name);
  if (is_due) prices_fresh_until_ = never;
  for (const std::uint32_t topic : is_due ? scene().subscriber.open_topics() : unchecked_)
    check_price(scene().subscriber.positions()[topic]);
  unchecked_.clear();
}

bool FreshnessChecker::is_fresh(const Network::Link* link) const {
  constexpr bridge::Duration silence_max = bridge::limits::stream_silence_max + rounding;
  return link != nullptr && link->client == Network::Link::Client::open &&
         scene().clock.elapsed() - link->heard_at <= silence_max;
}

void FreshnessChecker::check_streams(AccountIndex account) {
  check_stream(account, account, "user stream");
  check_stream(account, nobody, "mark price stream");
}

void FreshnessChecker::check_stream(AccountIndex account, AccountIndex owner,
                                    std::string_view what) {
  const Network::Link* const link = scene().network.link_of(owner);
  if (link == nullptr || link->client != Network::Link::Client::open)
    return report(scene().account_name(account) + " is live and its " + std::string(what) +
                  " is not open");
  if (!is_fresh(link))
    report(scene().account_name(account) + " is live and nothing came over its " +
           std::string(what) + " since " + to_text(link->heard_at));
}

bridge::Duration FreshnessChecker::price_age_max() const {
  return scene().driver.settings().stale_after + check_interval + rounding;
}

void FreshnessChecker::check_price(const HeldPosition& held) {
  if (!held.is_open() || held.state != bridge::PositionState::live) return;
  const bridge::Duration limit = price_age_max();
  const Instant now = scene().clock.elapsed();
  Instant heard = held.unpriced_since;
  Instant sent = held.unpriced_since;
  if (held.mark_time) {
    sent = VirtualClock::instant_of(*held.mark_time);
    heard = heard_at_[held.key.symbol];
  }
  prices_fresh_until_ =
      std::min(prices_fresh_until_, std::min(heard, sent + clock_lateness_max) + limit);
  if (now - heard > limit)
    report(scene().account_name(held.account) + " " + held.symbol +
           " is live and its mark price was last heard of at " + to_text(heard));
  if (now - sent > limit + clock_lateness_max)
    report(scene().account_name(held.account) + " " + held.symbol + " is live at a mark price of " +
           to_text(sent));
}

}  // namespace simulation
