#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/positions/mark_prices.hpp"
#include "bridge/core/positions/position_book.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/symbol_table.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Joins what the accounts of one environment hold with what it is worth there, and publishes every
// change of either, numbered. Whether it may be trusted is decided here and nowhere else:
//   * an account is live while its user stream is synchronized and the mark stream is connected;
//   * a position is live while its account is, and its mark price is younger than `stale_after`, by
//     our clock since we heard it and by the exchange's since it was true: what waited in a socket
//     comes late, however quickly it is read then.
class PositionFeed {
 public:
  // Stands for an account in all calls.
  using AccountNumber = std::uint32_t;

  // What the session of an account knows about itself.
  enum class UserPhase : std::uint8_t { connecting, syncing, synchronized, failed, stopped };

  // `stale_after`: how long a held symbol may be without a mark price.
  // `topics`: a source of topic numbers shared by all feeds of the process.
  // What is referred to outlives the feed.
  PositionFeed(Publications& publications, const ExchangeClock& clock, Duration stale_after,
               std::uint32_t& topics);

  AccountNumber add_account(AccountIdentity identity, Now now);
  // The account, which is stopped, is not ours any more: its positions are not held, nothing is
  // published about it, and whoever shows accounts leaves it out. Its numbers go on where they were
  // if it comes back.
  void retire_account(AccountNumber account);
  void bring_account_back(AccountNumber account, Now now);

  // The user stream's side. `detail` is one sentence for account.status; a new phase ends what
  // was warned of in the one before.
  void set_user_phase(AccountNumber account, UserPhase phase, std::string detail, Now now);
  // Whether the account's user stream is connected, whatever is known through it.
  void set_user_connected(AccountNumber account, bool connected);
  // What shows that the account's user stream delivers.
  void set_evidence(AccountNumber account, StreamEvidence evidence, Now now);
  // REST has just shown the same positions as the account's.
  void note_confirmed(AccountNumber account, Now now);
  // Something to be said beside the phase: of one account, or of all of them. Empty: nothing.
  void set_user_warning(AccountNumber account, std::string warning, Now now);
  void set_notice(std::string_view notice, Now now);

  void apply(AccountNumber account, const AccountUpdate& update, Now received);
  void apply(AccountNumber account, const LeverageChange& change, Now received);

  // Everything that makes an account synchronized, in one step: the snapshot, the settings, and the
  // events that came since the stream was opened. Publishes each open position once, each position
  // that is gone as FLAT, and the account as synchronized.
  struct Snapshot {
    PositionRows positions;
    SymbolConfigs symbol_configs;
    std::vector<AccountUpdate> account_updates;
    std::vector<LeverageChange> leverage_changes;
    // On the exchange's clock, and not before the stream was opened: what happened earlier is
    // certainly in `positions`.
    WallTime certain_before;
  };
  void synchronize(AccountNumber account, const Snapshot& snapshot, std::string detail, Now now);

  // Compares an account that is synchronized with positionRisk; publishes what was different.
  struct Correction {
    std::string symbol;
    PositionSide position_side;
    Position before;
    Position after;
  };
  struct Reconciliation {
    std::vector<Correction> corrections;
    std::size_t undecided = 0;
  };
  Reconciliation reconcile(AccountNumber account, const PositionRows& rows, WallTime certain_before,
                           Now now);
  struct SettingsCorrection {
    std::string symbol;
    PositionBook::Settings before;
    PositionBook::Settings after;
  };
  struct SettingsReconciliation {
    std::vector<SettingsCorrection> corrections;
    std::size_t undecided = 0;
  };
  SettingsReconciliation reconcile(AccountNumber account, const SymbolConfigs& configs,
                                   WallTime certain_before, Now now);

  // The mark stream's side.
  void set_mark_connected(bool connected, std::string_view detail, Now now);
  void apply(const MarkPriceTick& tick, Now received) {
    apply(tick, MarkPrices::Source::stream, received);
  }
  void apply(const MarkPriceTick& tick, MarkPrices::Source source, Now received);

  // Marks positions whose mark price has grown old; due at deadline().
  void wake(Now now);
  MonotonicTime deadline() const { return deadline_; }

  // The symbols that any account holds, and a number that moves whenever that set does.
  const std::set<std::string, std::less<>>& held_symbols() const { return held_symbols_; }
  std::uint64_t held_symbols_revision() const { return held_symbols_revision_; }

  // For heartbeats and status pages.
  struct AccountView {
    const AccountIdentity& identity;
    AccountState state;
    bool user_connected;
    bool mark_connected;
    std::string_view detail;
    WallTime since;
    StreamEvidence evidence;
    std::optional<WallTime> confirmed;
    std::uint64_t account_seq;
    const PositionBook& book;
    bool is_retired;
  };
  std::size_t account_count() const { return accounts_.size(); }

  // What the account holds, each position as it was published last, under the numbers that it was
  // published with; nothing as long as no positions are confirmed, an empty list when it is flat.
  // Whoever has all messages of the account up to its `account_seq` knows the same. Valid until
  // the feed is told something.
  std::optional<std::vector<PositionUpdate>> present_positions(AccountNumber account) const;

  AccountView view(AccountNumber account) const;
  bool is_retired(AccountNumber account) const { return accounts_[account].is_retired; }
  // Never changes, so any thread may ask.
  const AccountIdentity& identity(AccountNumber account) const {
    return accounts_[account].identity;
  }
  const SymbolTable& symbols() const { return symbols_; }
  const MarkPrices& mark_prices() const { return mark_prices_; }
  bool mark_connected() const { return mark_connected_; }

  // Read by the metrics thread.
  struct AccountGauges {
    Gauge<AccountState> state;
    Gauge<StreamEvidence> evidence;
    Gauge<std::uint64_t> positions_open;
    Gauge<std::uint64_t> positions_stale;  // open ones that were published as stale last
    Counters<Trigger, trigger_count> updates_published;
    Counter updates_ignored;  // older than what was known
  };
  const AccountGauges& gauges(AccountNumber account) const { return accounts_[account].gauges; }

 private:
  struct Account;

  // One position as a subject of messages: where its numbers are counted.
  struct Topic {
    Account* account = nullptr;
    const PositionBook::Entry* entry = nullptr;
    std::uint32_t number = 0;
    MonotonicTime opened_at;
    // Of its last message.
    std::uint64_t seq = 0;
    std::uint64_t account_seq = 0;
    WallTime received;
    PositionState published_state = PositionState::stale;
    bool is_published_open = false;

    bool is_published_stale() const {
      return is_published_open && published_state == PositionState::stale;
    }
  };

  struct Account {
    AccountIdentity identity;
    PositionBook book;
    std::deque<Topic> topics;  // by PositionBook::Entry::index
    UserPhase user_phase = UserPhase::connecting;
    bool is_confirmed = false;  // the exchange has said once what the account holds
    bool user_connected = false;
    AccountState state = AccountState::connecting;
    bool was_live = false;
    bool is_retired = false;
    std::string user_detail;
    std::string user_warning;
    std::string detail;
    WallTime since;
    StreamEvidence evidence = StreamEvidence::connected;
    std::optional<WallTime> confirmed;
    std::uint64_t account_seq = 0;
    // What account.status said last, so that it is not said twice.
    bool published_user_connected = false;
    bool published_mark_connected = false;
    StreamEvidence published_evidence = StreamEvidence::connected;
    std::string published_remarks;
    AccountGauges gauges;
  };

  AccountState derived_state(const Account& account) const;
  std::string_view derived_detail(const Account& account) const;
  // What is to be said beside the phase, each part after a semicolon.
  std::string remarks(const Account& account) const;
  // Publishes account.status if something in it changed. True if the account became live or stopped
  // being live.
  bool update_status(Account& account, Now now);
  void publish_all_open(Account& account, Trigger trigger, WallTime received);

  Topic& topic_of(Account& account, const PositionBook::Entry& entry);
  void follow(Account& account, const PositionBook::Outcome& outcome);
  void hold(Topic& topic);
  void release(Topic& topic);
  bool is_price_old(SymbolId symbol) const;
  enum class PriceAge : std::uint8_t { unknown, fresh, old };
  PriceAge price_age(SymbolId symbol) const;
  PositionState state_of(const Topic& topic) const;
  // `age`: of the price of its symbol.
  PositionState state_of(const Topic& topic, PriceAge age) const;
  void note_as_published(Topic& topic);
  void publish(Topic& topic, Trigger trigger, std::string_view account_reason, WallTime received);
  // With the numbers that the topic has already.
  PositionUpdate update_of(const Topic& topic, Trigger trigger,
                           std::string_view account_reason) const;
  void publish_changed(Account& account, const PositionBook::Outcome& outcome, Trigger trigger,
                       std::string_view account_reason, WallTime received);

  Publications& publications_;
  const ExchangeClock& clock_;
  const Duration stale_after_;
  std::uint32_t& topics_;

  SymbolTable symbols_;
  MarkPrices mark_prices_;
  std::deque<Account> accounts_;
  // The open positions of each symbol: a tick finds its positions here, it does not search.
  std::vector<std::vector<Topic*>> holders_;
  std::set<std::string, std::less<>> held_symbols_;
  std::uint64_t held_symbols_revision_ = 0;

  bool mark_connected_ = false;
  std::string notice_;
  std::string mark_detail_ = "the mark price stream is not connected yet";
  MonotonicTime now_;  // of the call that is being made
  MonotonicTime deadline_ = never;
};

}  // namespace bridge
