#include "bridge/core/positions/position_feed.hpp"

#include <algorithm>
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
    : publications_{publications}, clock_{clock}, stale_after_{stale_after}, topics_{topics} {}

PositionFeed::AccountNumber PositionFeed::add_account(AccountIdentity identity, Now now) {
  Account& account = accounts_.emplace_back();
  account.identity = std::move(identity);
  account.since = now.wall;
  account.user_detail = "connecting";
  account.gauges.state.set(account.state);
  return static_cast<AccountNumber>(accounts_.size() - 1);
}

void PositionFeed::retire_account(AccountNumber number) {
  Account& account = accounts_[number];
  BRIDGE_ASSERT(account.user_phase == UserPhase::stopped);
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
  account.is_retired = account.was_live = false;
  set_user_phase(number, UserPhase::connecting, "connecting", now);
}

void PositionFeed::set_user_phase(AccountNumber number, UserPhase phase, std::string detail,
                                  Now now) {
  Account& account = accounts_[number];
  now_ = now.monotonic;
  account.user_phase = phase;
  account.user_detail = std::move(detail);
  account.user_warning.clear();
  if (update_status(account, now)) publish_all_open(account, Trigger::state, now.wall);
}

void PositionFeed::set_user_connected(AccountNumber number, bool connected) {
  accounts_[number].user_connected = connected;
}

void PositionFeed::set_evidence(AccountNumber number, StreamEvidence evidence, Now now) {
  Account& account = accounts_[number];
  account.evidence = evidence;
  account.gauges.evidence.set(evidence);
  // Before that, the next message will say it.
  if (account.user_phase == UserPhase::synchronized) update_status(account, now);
}

void PositionFeed::note_confirmed(AccountNumber number, Now now) {
  accounts_[number].confirmed = now.wall;
}

void PositionFeed::set_user_warning(AccountNumber number, std::string warning, Now now) {
  Account& account = accounts_[number];
  account.user_warning = std::move(warning);
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

  account.user_phase = UserPhase::synchronized;
  account.is_confirmed = true;
  account.confirmed = now.wall;
  account.user_detail = std::move(detail);
  update_status(account, now);
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
  for (Account& account : accounts_) {
    if (update_status(account, now)) publish_all_open(account, Trigger::state, now.wall);
  }
}

void PositionFeed::apply(const MarkPriceTick& tick, MarkPrices::Source source, Now received) {
  const auto symbol = symbols_.find(tick.symbol);
  if (!symbol) return;  // no account has ever held it
  now_ = received.monotonic;
  if (!mark_prices_.set(*symbol, tick, source, received.monotonic)) return;
  if (*symbol >= holders_.size()) return;
  for (Topic* topic : holders_[*symbol]) publish(*topic, Trigger::mark_price, {}, received.wall);
}

void PositionFeed::wake(Now now) {
  if (now.monotonic < deadline_) return;
  now_ = now.monotonic;
  deadline_ = held_symbols_.empty() ? never : now.monotonic + staleness_check_interval;
  for (SymbolId symbol = 0; symbol < holders_.size(); ++symbol) {
    if (holders_[symbol].empty()) continue;
    const PriceAge age = price_age(symbol);  // one look for all that hold it
    for (Topic* topic : holders_[symbol]) {
      if (state_of(*topic, age) != topic->published_state)
        publish(*topic, Trigger::state, {}, now.wall);
    }
  }
}

PositionFeed::AccountView PositionFeed::view(AccountNumber number) const {
  const Account& account = accounts_[number];
  return {.identity = account.identity,
          .state = account.state,
          .user_connected = account.user_connected,
          .mark_connected = mark_connected_,
          .detail = account.detail,
          .since = account.since,
          .evidence = account.evidence,
          .confirmed = account.confirmed,
          .account_seq = account.account_seq,
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

AccountState PositionFeed::derived_state(const Account& account) const {
  const auto until_live = [&](AccountState state) {
    return account.was_live ? AccountState::stale : state;
  };
  switch (account.user_phase) {
    case UserPhase::stopped: return AccountState::stopped;
    case UserPhase::failed: return AccountState::failed;
    case UserPhase::connecting: return until_live(AccountState::connecting);
    case UserPhase::syncing: return until_live(AccountState::syncing);
    case UserPhase::synchronized:
      return mark_connected_ ? AccountState::live : until_live(AccountState::syncing);
  }
  BRIDGE_UNREACHABLE("not a UserPhase");
}

std::string_view PositionFeed::derived_detail(const Account& account) const {
  const bool mark_is_the_reason = account.user_phase == UserPhase::synchronized && !mark_connected_;
  return mark_is_the_reason ? mark_detail_ : account.user_detail;
}

std::string PositionFeed::remarks(const Account& account) const {
  if (account.user_phase == UserPhase::stopped) return {};
  std::string text;
  if (account.user_phase == UserPhase::synchronized && mark_connected_ &&
      account.evidence == StreamEvidence::connected)
    text +=
        "; nothing shows yet that the user stream delivers events, so the positions are "
        "compared with the exchange every few seconds";
  for (const std::string& remark : {account.user_warning, notice_}) {
    if (!remark.empty()) text += "; " + remark;
  }
  return text;
}

bool PositionFeed::update_status(Account& account, Now now) {
  if (account.is_retired) return false;
  const AccountState state = derived_state(account);
  const bool changed = state != account.state;
  const bool connections_changed = account.user_connected != account.published_user_connected ||
                                   mark_connected_ != account.published_mark_connected;
  const bool evidence_changed = account.evidence != account.published_evidence &&
                                account.user_phase == UserPhase::synchronized;
  const bool is_first = account.account_seq == 0;
  std::string said_beside = remarks(account);
  const bool remarks_changed = said_beside != account.published_remarks;
  if (!changed && !connections_changed && !remarks_changed && !evidence_changed && !is_first)
    return false;

  const bool liveness_changed =
      (state == AccountState::live) != (account.state == AccountState::live);
  if (changed) account.since = now.wall;
  account.state = state;
  if (state == AccountState::live) account.was_live = true;
  account.detail = std::string{derived_detail(account)} + said_beside;
  account.published_remarks = std::move(said_beside);
  account.published_user_connected = account.user_connected;
  account.published_mark_connected = mark_connected_;
  account.published_evidence = account.evidence;
  account.gauges.state.set(state);

  publications_.publish(AccountStatus{
      .account = account.identity,
      .state = state,
      .running = state != AccountState::failed && state != AccountState::stopped,
      .user_connected = account.user_connected,
      .mark_connected = mark_connected_,
      .active_positions = static_cast<std::uint32_t>(account.book.open_count()),
      .subscribed_symbols = static_cast<std::uint32_t>(account.book.open_symbol_count()),
      .detail = account.detail,
      .since = account.since,
      .evidence = account.evidence,
      .confirmed = account.confirmed,
      .account_seq = ++account.account_seq});
  return liveness_changed;
}

void PositionFeed::publish_all_open(Account& account, Trigger trigger, WallTime received) {
  for (const PositionBook::Entry& entry : account.book.entries()) {
    if (entry.position.is_open()) publish(topic_of(account, entry), trigger, {}, received);
  }
}

PositionFeed::Topic& PositionFeed::topic_of(Account& account, const PositionBook::Entry& entry) {
  // Entries are only ever added at the end of the book.
  while (account.topics.size() <= entry.index) {
    Topic& topic = account.topics.emplace_back();
    topic.account = &account;
    topic.entry = &account.book.entries()[account.topics.size() - 1];
    topic.number = topics_++;
  }
  return account.topics[entry.index];
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
  if (symbol >= holders_.size()) holders_.resize(symbol + std::size_t{1});
  auto& holders = holders_[symbol];
  BRIDGE_ASSERT(std::find(holders.begin(), holders.end(), &topic) == holders.end());
  if (holders.empty()) {
    held_symbols_.insert(symbols_.name(symbol));
    ++held_symbols_revision_;
    // Nobody listened while nobody held it: a price from then is none.
    if (mark_prices_.find(symbol) != nullptr && is_price_old(symbol)) mark_prices_.forget(symbol);
  }
  holders.push_back(&topic);
  topic.opened_at = now_;
  topic.account->gauges.positions_open.set(topic.account->book.open_count());
  if (deadline_ == never) deadline_ = now_ + staleness_check_interval;
}

void PositionFeed::release(Topic& topic) {
  const SymbolId symbol = topic.entry->symbol;
  auto& holders = holders_[symbol];
  const auto place = std::find(holders.begin(), holders.end(), &topic);
  BRIDGE_ASSERT(place != holders.end());
  holders.erase(place);
  if (holders.empty()) {
    held_symbols_.erase(symbols_.name(symbol));
    ++held_symbols_revision_;
  }
  topic.account->gauges.positions_open.set(topic.account->book.open_count());
}

PositionState PositionFeed::state_of(const Topic& topic) const {
  return state_of(topic, price_age(topic.entry->symbol));
}

PositionState PositionFeed::state_of(const Topic& topic, PriceAge age) const {
  if (topic.account->state != AccountState::live) return PositionState::stale;
  if (age == PriceAge::fresh || !topic.entry->position.is_open()) return PositionState::live;
  const bool is_old =
      age == PriceAge::unknown ? now_ - topic.opened_at > stale_after_ : age == PriceAge::old;
  return is_old ? PositionState::stale : PositionState::live;
}

PositionFeed::PriceAge PositionFeed::price_age(SymbolId symbol) const {
  if (mark_prices_.find(symbol) == nullptr) return PriceAge::unknown;
  return is_price_old(symbol) ? PriceAge::old : PriceAge::fresh;
}

bool PositionFeed::is_price_old(SymbolId symbol) const {
  if (now_ - mark_prices_.heard_at(symbol) > stale_after_) return true;
  return clock_.is_known() &&
         clock_.at_least(now_) - mark_prices_.find(symbol)->event_time > stale_after_;
}

void PositionFeed::note_as_published(Topic& topic) {
  const bool was_stale = topic.is_published_stale();
  topic.published_state = state_of(topic);
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
  topic.seq += 1;
  topic.account_seq = ++account.account_seq;
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
