#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/limits/connection_pacer.hpp"
#include "bridge/core/limits/request_gate.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/sessions/account_session.hpp"
#include "bridge/core/sessions/clock_session.hpp"
#include "bridge/core/sessions/endpoint_directory.hpp"
#include "bridge/core/sessions/mark_session.hpp"
#include "bridge/core/sessions/reconcile_schedule.hpp"

namespace bridge {

// Everything that is decided about one environment of the exchange: its accounts, the mark prices
// that they share, its clock, and what one address may ask of it. Whoever drives it tells it what
// happens, calls settle(), and performs what that returns.
class EnvironmentSession {
 public:
  using AccountNumber = PositionFeed::AccountNumber;

  // Whose effect it is: an account, by its number, or one of these.
  using Owner = std::uint32_t;
  static constexpr Owner clock_owner = UINT32_MAX;
  static constexpr Owner mark_owner = UINT32_MAX - 1;

  struct OwnedEffect {
    Owner owner = clock_owner;
    Effect effect;
  };

  struct Settings {
    MarkPriceMode mark_price_mode = MarkPriceMode::per_symbol;
    Duration stale_after{};
    Duration reconcile_interval{};                   // zero: never
    std::optional<UserStreamForm> user_stream_form;  // nothing: what turns out to work
    std::uint64_t seed = 0;                          // of all jitter
  };

  // `topics`: see PositionFeed. All references outlive the session.
  EnvironmentSession(Publications& publications, ExchangeClock& clock, const Settings& settings,
                     std::uint32_t& topics);
  EnvironmentSession(const EnvironmentSession&) = delete;
  EnvironmentSession& operator=(const EnvironmentSession&) = delete;

  using ListenKeyOnStop = AccountSession::Settings::ListenKeyOnStop;

  // Before start() or any time after it: then the account is started at once.
  AccountNumber add_account(AccountIdentity identity, ListenKeyOnStop listen_key_on_stop, Now now);
  // Stops the account and leaves it out of everything, until it is started again.
  void remove_account(AccountNumber number, Now now);
  // Starts an account that is stopped or was removed.
  void start_account(AccountNumber number, Now now);
  void start(Now now);
  void stop(Now now);

  // To tell a session what happened on its streams.
  AccountSession& account(AccountNumber number);
  MarkSession& mark() { return mark_; }
  // What the head of an answer says besides.
  struct AnswerHead {
    std::optional<std::int64_t> used_weight;  // of this address in the current minute
    std::optional<WallTime> date;             // when the exchange answered, to the second
  };
  // The answer to a request that settle() returned; each is answered once.
  void answered(Owner owner, RequestNumber request, RestReply reply, const AnswerHead& head,
                Now now);

  // Wakes whoever wants to be woken, until nobody wants anything more, and returns what is to be
  // done, in order. Then nothing happens before deadline() unless something is told.
  std::vector<OwnedEffect> settle(Now now);
  MonotonicTime deadline() const;

  const PositionFeed& feed() const { return feed_; }
  const ExchangeClock& clock() const { return clock_; }
  const RequestGate& gate() const { return gate_; }
  const ReconcilePlan& reconcile_plan() const { return reconcile_plan_; }
  const MarkSession& mark() const { return mark_; }
  const AccountSession& account(AccountNumber number) const { return accounts_[number]->session; }
  // Those that were removed count.
  std::size_t account_count() const { return accounts_.size(); }

 private:
  struct Account {
    AccountSession session;
    // When it is to be woken, as told to alarms_.
    MonotonicTime deadline = never;
    bool is_touched = false;
    bool is_wanted = true;  // to run
  };
  struct Alarm {
    MonotonicTime at;
    AccountNumber account;
  };

  void touch(AccountNumber number);
  bool wake(Now now);
  // Moves the effects of whoever was told something to `out`, or to the gate. True if there was
  // any.
  bool collect(std::vector<OwnedEffect>& out, Now now);
  void collect(Owner owner, Effects& effects, std::vector<OwnedEffect>& out, Now now);
  bool release_requests(std::vector<OwnedEffect>& out, Now now);
  bool awaits(const RequestGate::Ticket& ticket) const;
  // Starts it, or leaves that to start_accounts().
  void begin(AccountNumber number, Now now);
  void start_accounts(Now now);
  void note_account_count();
  void set_alarm(AccountNumber number);
  bool is_current(const Alarm& alarm) const {
    return accounts_[alarm.account]->deadline == alarm.at;
  }

  const Settings settings_;
  ExchangeClock& clock_;
  PositionFeed feed_;
  ConnectionPacer pacer_;
  RequestGate gate_;
  ReconcilePlan reconcile_plan_;
  EndpointDirectory endpoints_;
  UserStreamForms forms_;
  ClockSession clock_session_;
  MarkSession mark_;
  std::vector<std::unique_ptr<Account>> accounts_;
  bool is_started_ = false;
  bool accounts_started_ = false;

  std::vector<AccountNumber> touched_;
  std::vector<AccountNumber> spare_;  // kept for its memory
  std::vector<Alarm> alarms_;  // a heap, the earliest first; may hold some that are not current
};

}  // namespace bridge
