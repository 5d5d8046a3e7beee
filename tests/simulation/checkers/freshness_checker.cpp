#include "tests/simulation/checkers/freshness_checker.hpp"

#include <utility>

#include "bridge/core/limits.hpp"

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
  bool is_mark_stream_checked = false;  // once is enough: it is the same for all
  for (AccountIndex account = 0; account < scene().subscriber.account_count(); ++account) {
    if (!is_live(account)) continue;
    check_stream(account, account, "user stream");
    if (!std::exchange(is_mark_stream_checked, true))
      check_stream(account, nobody, "mark price stream");
  }
  const exchange::SymbolTable& symbols = scene().exchange.world().symbols;
  for (std::size_t symbol = 0; symbol < heard_at_.size(); ++symbol)
    heard_at_[symbol] =
        scene().driver.price_heard_at(symbols[static_cast<exchange::SymbolId>(symbol)].name);
  const Instant recently = scene().clock.elapsed() - scene().driver.settings().stale_after;
  const std::vector<HeldPosition>& positions = scene().subscriber.positions();
  for (const std::uint32_t topic : scene().subscriber.open_topics()) {
    const HeldPosition& held = positions[topic];
    if (held.state != bridge::PositionState::live) continue;
    // Nearly all, nearly always.
    if (held.mark_time && heard_at_[held.key.symbol] >= recently &&
        VirtualClock::instant_of(*held.mark_time) >= recently)
      continue;
    check_price(held);
  }
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
  if (scene().clock.elapsed() - link->heard_at > bridge::limits::stream_silence_max + rounding)
    report(scene().account_name(account) + " is live and nothing came over its " +
           std::string(what) + " since " + to_text(link->heard_at));
}

void FreshnessChecker::check_price(const HeldPosition& held) {
  const bridge::Duration limit = scene().driver.settings().stale_after + check_interval + rounding;
  const Instant now = scene().clock.elapsed();
  Instant heard = held.unpriced_since;
  Instant sent = held.unpriced_since;
  if (held.mark_time) {
    sent = VirtualClock::instant_of(*held.mark_time);
    heard = heard_at_[held.key.symbol];
  }
  if (now - heard > limit)
    report(scene().account_name(held.account) + " " + held.symbol +
           " is live and its mark price was last heard of at " + to_text(heard));
  if (now - sent > limit + clock_lateness_max)
    report(scene().account_name(held.account) + " " + held.symbol + " is live at a mark price of " +
           to_text(sent));
}

}  // namespace simulation
