#include "bridge/core/positions/position_feed.hpp"

#include <utility>

#include "bridge/core/positions/valuation.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

// How often the ages of the mark prices are looked at.
constexpr Duration staleness_check_interval = std::chrono::milliseconds{500};

}  // namespace

PositionFeed::PositionFeed(Publications& publications, const ExchangeClock& clock,
                           Duration stale_after, std::uint32_t& topics)
    : publications_{publications},
      topics_{topics},
      price_trust_{mark_prices_, clock, stale_after} {}

PositionFeed::AccountNumber PositionFeed::add_account(AccountIdentity identity, Now now) {
  accounts_.emplace_back(std::move(identity), now.wall);
  return static_cast<AccountNumber>(accounts_.size() - 1);
}

void PositionFeed::retire_account(AccountNumber number) {
  Account& account = accounts_[number];
  BRIDGE_ASSERT(account.standing.user_phase() == UserPhase::stopped);
  for (const PositionBook::Entry& entry : account.book.entries()) {
    if (entry.position.is_open()) release(topic_of(account, entry));
  }
  account.book.forget_positions();
  account.gauges.positions_open.set(0);
  account.is_retired = true;
}

void PositionFeed::bring_account_back(AccountNumber number, Now now) {
  Account& account = accounts_[number];
  BRIDGE_ASSERT(account.is_retired);
  account.is_retired = false;
  account.standing.begin_again();
  set_user_phase(number, UserPhase::connecting, "connecting", now);
}

void PositionFeed::set_user_phase(AccountNumber number, UserPhase phase, std::string detail,
                                  Now now) {
  Account& account = accounts_[number];
  now_ = now.monotonic;
  account.standing.set_user_phase(phase, std::move(detail));
  update_status(account, now);
}

void PositionFeed::set_user_connected(AccountNumber number, bool connected) {
  accounts_[number].standing.set_user_connected(connected);
}

void PositionFeed::set_user_warning(AccountNumber number, std::string warning, Now now) {
  Account& account = accounts_[number];
  account.standing.set_user_warning(std::move(warning));
  update_status(account, now);
}

void PositionFeed::set_notice(std::string_view notice, Now now) {
  if (notice == notice_) return;
  notice_ = notice;
  for (Account& account : accounts_) update_status(account, now);
}

void PositionFeed::apply(AccountNumber number, const AccountUpdate& update, Now received) {
  Account& account = accounts_[number];
  now_ = received.monotonic;
  for (const PositionChange& change : update.positions) {
    const auto outcome =
        account.book.apply(symbols_.intern(change.symbol), change, update.transaction_time);
    follow(account, outcome);
    publish_changed(account, outcome, Trigger::account_update, update.reason, received.wall);
  }
}

void PositionFeed::apply(AccountNumber number, const LeverageChange& change, Now received) {
  Account& account = accounts_[number];
  now_ = received.monotonic;
  const auto changed = account.book.set_leverage(symbols_.intern(change.symbol), change.leverage,
                                                 change.transaction_time);
  for (const PositionBook::Entry* entry : changed) {
    publish(topic_of(account, *entry), Trigger::config, {}, received.wall);
  }
}

void PositionFeed::synchronize(AccountNumber number, const Snapshot& snapshot, std::string detail,
                               Now now) {
  Account& account = accounts_[number];
  now_ = now.monotonic;
  // What the stream told before the gap counts for nothing, what it told since is replayed below.
  account.book.set_symbol_configs(symbols_, snapshot.symbol_configs, WallTime::max());

  const auto comparison =
      account.book.replace_by(symbols_, snapshot.positions, snapshot.certain_before);
  for (const auto& outcome : comparison.changed) follow(account, outcome);
  for (const AccountUpdate& update : snapshot.account_updates) {
    for (const PositionChange& change : update.positions) {
      follow(account,
             account.book.apply(symbols_.intern(change.symbol), change, update.transaction_time));
    }
  }
  for (const LeverageChange& change : snapshot.leverage_changes) {
    account.book.set_leverage(symbols_.intern(change.symbol), change.leverage,
                              change.transaction_time);
  }

  account.is_confirmed = true;
  account.standing.set_synchronized(std::move(detail));
  publish_status(account, now);
  for (const PositionBook::Entry& entry : account.book.entries()) {
    Topic& topic = topic_of(account, entry);
    if (entry.position.is_open() || topic.is_published_open)
      publish(topic, Trigger::snapshot, {}, now.wall);
  }
}

PositionFeed::Reconciliation PositionFeed::reconcile(AccountNumber number, const PositionRows& rows,
                                                     WallTime certain_before, Now now) {
  Account& account = accounts_[number];
  now_ = now.monotonic;
  std::vector<Position> before;
  for (const PositionBook::Entry& entry : account.book.entries()) before.push_back(entry.position);

  const auto comparison = account.book.correct_by(symbols_, rows, certain_before);
  Reconciliation result;
  result.undecided = comparison.undecided;
  for (const auto& outcome : comparison.changed) {
    const PositionBook::Entry& entry = *outcome.entry;
    result.corrections.push_back(
        {.symbol = symbols_.name(entry.symbol),
         .position_side = entry.position_side,
         .before = entry.index < before.size() ? before[entry.index] : Position{},
         .after = entry.position});
    follow(account, outcome);
    publish_changed(account, outcome, Trigger::reconcile, {}, now.wall);
  }
  return result;
}

PositionFeed::SettingsReconciliation PositionFeed::reconcile(AccountNumber number,
                                                             const SymbolConfigs& configs,
                                                             WallTime certain_before, Now now) {
  Account& account = accounts_[number];
  now_ = now.monotonic;
  const auto comparison = account.book.set_symbol_configs(symbols_, configs, certain_before);
  SettingsReconciliation result;
  result.undecided = comparison.undecided;
  for (const auto& correction : comparison.corrections) {
    result.corrections.push_back(
        {symbols_.name(correction.symbol), correction.before, correction.after});
    for (const PositionBook::Entry* entry : correction.open_entries)
      publish(topic_of(account, *entry), Trigger::reconcile, {}, now.wall);
  }
  return result;
}

void PositionFeed::set_mark_connected(bool connected, std::string_view detail, Now now) {
  now_ = now.monotonic;
  mark_connected_ = connected;
  mark_detail_ = detail;
  for (Account& account : accounts_) update_status(account, now);
}

void PositionFeed::apply(const MarkPriceTick& tick, MarkPrices::Source source, Now received) {
  const auto symbol = symbols_.find(tick.symbol);
  if (!symbol) return;  // no account has ever held it
  now_ = received.monotonic;
  if (!mark_prices_.set(*symbol, tick, source, received.monotonic)) return;
  for (Topic* topic : holders_.of(*symbol)) publish(*topic, Trigger::mark_price, {}, received.wall);
}

void PositionFeed::wake(Now now) {
  if (now.monotonic < deadline_) return;
  now_ = now.monotonic;
  deadline_ = holders_.symbols().empty() ? never : now.monotonic + staleness_check_interval;
  for (SymbolId symbol = 0; symbol < holders_.symbol_limit(); ++symbol) {
    if (holders_.of(symbol).empty()) continue;
    const auto age = price_trust_.age(symbol, now_);  // one look for all that hold it
    for (Topic* topic : holders_.of(symbol)) {
      if (state_of(*topic, age) != topic->published_state)
        publish(*topic, Trigger::state, {}, now.wall);
    }
  }
}

PositionFeed::AccountView PositionFeed::view(AccountNumber number) const {
  const Account& account = accounts_[number];
  return {.identity = account.identity,
          .state = account.standing.state(),
          .user_connected = account.standing.user_connected(),
          .mark_connected = mark_connected_,
          .detail = account.standing.detail(),
          .since = account.standing.since(),
          .account_seq = account.topics.account_seq(),
          .book = account.book,
          .is_retired = account.is_retired};
}

std::optional<std::vector<PositionUpdate>> PositionFeed::present_positions(
    AccountNumber number) const {
  const Account& account = accounts_[number];
  if (!account.is_confirmed) return std::nullopt;
  std::vector<PositionUpdate> positions;
  positions.reserve(account.book.open_count());
  for (const Topic& topic : account.topics) {
    if (topic.is_published_open) positions.push_back(update_of(topic, Trigger::snapshot, {}));
  }
  return positions;
}

void PositionFeed::update_status(Account& account, Now now) {
  if (publish_status(account, now) == AccountStanding::Change::liveness)
    publish_all_open(account, Trigger::state, now.wall);
}

AccountStanding::Change PositionFeed::publish_status(Account& account, Now now) {
  using Change = AccountStanding::Change;
  if (account.is_retired) return Change::none;
  AccountStanding& standing = account.standing;
  const Change change = standing.settle(
      {.mark_connected = mark_connected_, .mark_detail = mark_detail_, .notice = notice_},
      now.wall);
  if (change == Change::none) return change;
  const AccountState state = standing.state();
  account.gauges.state.set(state);
  publications_.publish(AccountStatus{
      .account = account.identity,
      .state = state,
      .running = state != AccountState::failed && state != AccountState::stopped,
      .user_connected = standing.user_connected(),
      .mark_connected = mark_connected_,
      .active_positions = static_cast<std::uint32_t>(account.book.open_count()),
      .subscribed_symbols = static_cast<std::uint32_t>(account.book.open_symbol_count()),
      .detail = standing.detail(),
      .since = standing.since(),
      .account_seq = account.topics.number_status()});
  return change;
}

void PositionFeed::publish_all_open(Account& account, Trigger trigger, WallTime received) {
  for (const PositionBook::Entry& entry : account.book.entries()) {
    if (entry.position.is_open()) publish(topic_of(account, entry), trigger, {}, received);
  }
}

Topic& PositionFeed::topic_of(Account& account, const PositionBook::Entry& entry) {
  return account.topics.of(account.book, entry, account, topics_);
}

void PositionFeed::follow(Account& account, const PositionBook::Outcome& outcome) {
  switch (outcome.change) {
    case PositionBook::Change::opened: hold(topic_of(account, *outcome.entry)); return;
    case PositionBook::Change::closed: release(topic_of(account, *outcome.entry)); return;
    case PositionBook::Change::ignored: account.gauges.updates_ignored.add(); return;
    case PositionBook::Change::none:
    case PositionBook::Change::updated: return;
  }
}

void PositionFeed::hold(Topic& topic) {
  const SymbolId symbol = topic.entry->symbol;
  // Nobody listened while nobody held it: a price from then is none.
  if (holders_.add(topic, symbols_.name(symbol)) &&
      price_trust_.age(symbol, now_) == PriceTrust::Age::old)
    mark_prices_.forget(symbol);
  topic.opened_at = now_;
  topic.account->gauges.positions_open.set(topic.account->book.open_count());
  if (deadline_ == never) deadline_ = now_ + staleness_check_interval;
}

void PositionFeed::release(Topic& topic) {
  holders_.remove(topic, symbols_.name(topic.entry->symbol));
  topic.account->gauges.positions_open.set(topic.account->book.open_count());
}

PositionState PositionFeed::state_of(const Topic& topic, PriceTrust::Age age) const {
  if (!topic.account->standing.is_live()) return PositionState::stale;
  const bool is_live =
      !topic.entry->position.is_open() || price_trust_.is_enough(age, topic.opened_at, now_);
  return is_live ? PositionState::live : PositionState::stale;
}

void PositionFeed::note_as_published(Topic& topic) {
  const bool was_stale = topic.is_published_stale();
  topic.published_state = state_of(topic, price_trust_.age(topic.entry->symbol, now_));
  topic.is_published_open = topic.entry->position.is_open();
  if (topic.is_published_stale() == was_stale) return;
  auto& stale = topic.account->gauges.positions_stale;
  stale.set(was_stale ? stale.read() - 1 : stale.read() + 1);
}

void PositionFeed::publish_changed(Account& account, const PositionBook::Outcome& outcome,
                                   Trigger trigger, std::string_view account_reason,
                                   WallTime received) {
  if (outcome.change == PositionBook::Change::none ||
      outcome.change == PositionBook::Change::ignored)
    return;
  publish(topic_of(account, *outcome.entry), trigger, account_reason, received);
}

void PositionFeed::publish(Topic& topic, Trigger trigger, std::string_view account_reason,
                           WallTime received) {
  Account& account = *topic.account;
  account.topics.number(topic);
  topic.received = received;
  note_as_published(topic);
  account.gauges.updates_published[trigger].add();
  publications_.publish(update_of(topic, trigger, account_reason));
}

PositionUpdate PositionFeed::update_of(const Topic& topic, Trigger trigger,
                                       std::string_view account_reason) const {
  const Position& position = topic.entry->position;
  const MarkPrice* const mark = mark_prices_.find(topic.entry->symbol);
  PositionUpdate update{.topic = topic.number,
                        .revision = topic.entry->revision,
                        .account = topic.account->identity,
                        .symbol = symbols_.name(topic.entry->symbol),
                        .position_side = topic.entry->position_side,
                        .position = position,
                        .mark_price = mark,
                        .unrealized_pnl = {},
                        .notional = {},
                        .state = topic.published_state,
                        .trigger = trigger,
                        .account_reason = account_reason,
                        .received = topic.received,
                        .account_seq = topic.account_seq,
                        .seq = topic.seq};
  if (mark != nullptr) {
    update.unrealized_pnl =
        linear_unrealized_pnl(position.amount, position.entry_price, mark->mark_price);
    update.notional = linear_notional(position.amount, mark->mark_price);
  }
  return update;
}

}  // namespace bridge
