#include "bridge/core/sessions/environment_session.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

constexpr auto is_later = [](const auto& a, const auto& b) {
  return a.at != b.at ? a.at > b.at : a.account > b.account;
};

// A session that wants to be woken again and again at the same moment is wrong.
constexpr int settle_rounds_max = 100'000;

}  // namespace

EnvironmentSession::EnvironmentSession(Publications& publications, ExchangeClock& clock,
                                       const Settings& settings, std::uint32_t& topics)
    : settings_{settings},
      clock_{clock},
      feed_{publications, clock_, settings.stale_after, topics},
      gate_{clock_},
      reconcile_plan_{settings.reconcile_interval},
      forms_{settings.user_stream_form},
      clock_session_{clock_, settings.seed},
      mark_{feed_,
            pacer_,
            {.mode = settings.mark_price_mode,
             .silence_max = settings.stale_after,
             .seed = settings.seed + 1}} {}

EnvironmentSession::AccountNumber EnvironmentSession::add_account(
    AccountIdentity identity, ListenKeyOnStop listen_key_on_stop, Now now) {
  const AccountNumber number = feed_.add_account(std::move(identity), now);
  BRIDGE_ASSERT(number == accounts_.size());
  accounts_.push_back(
      std::unique_ptr<Account>{new Account{.session = {{.feed = feed_,
                                                        .clock = clock_,
                                                        .pacer = pacer_,
                                                        .reconcile_plan = reconcile_plan_,
                                                        .endpoints = endpoints_,
                                                        .forms = forms_},
                                                       number,
                                                       {.listen_key_on_stop = listen_key_on_stop,
                                                        .seed = settings_.seed + 2 + number}}}});
  note_account_count();
  if (is_started_) begin(number, now);
  return number;
}

void EnvironmentSession::remove_account(AccountNumber number, Now now) {
  accounts_[number]->is_wanted = false;
  account(number).stop(now);
  feed_.retire_account(number);
  note_account_count();
}

void EnvironmentSession::start_account(AccountNumber number, Now now) {
  accounts_[number]->is_wanted = true;
  if (feed_.is_retired(number)) feed_.bring_account_back(number, now);
  note_account_count();
  begin(number, now);
}

void EnvironmentSession::begin(AccountNumber number, Now now) {
  if (accounts_started_) return account(number).start(now);
  feed_.set_user_phase(number, PositionFeed::UserPhase::connecting,
                       "asking the exchange for its time", now);
}

void EnvironmentSession::note_account_count() {
  reconcile_plan_.set_account_count(static_cast<std::size_t>(std::count_if(
      accounts_.begin(), accounts_.end(), [](const auto& account) { return account->is_wanted; })));
}

void EnvironmentSession::start(Now now) {
  is_started_ = true;
  for (AccountNumber number = 0; number < accounts_.size(); ++number) begin(number, now);
  clock_session_.start(now);
  mark_.start(now);
}

void EnvironmentSession::stop(Now now) {
  clock_session_.stop();
  for (AccountNumber number = 0; number < accounts_.size(); ++number) account(number).stop(now);
  mark_.stop(now);
}

void EnvironmentSession::start_accounts(Now now) {
  if (accounts_started_ || !clock_.is_known()) return;
  accounts_started_ = true;
  for (AccountNumber number = 0; number < accounts_.size(); ++number) {
    if (accounts_[number]->is_wanted) account(number).start(now);
  }
}

AccountSession& EnvironmentSession::account(AccountNumber number) {
  touch(number);
  return accounts_[number]->session;
}

void EnvironmentSession::answered(Owner owner, RequestNumber request, RestReply reply,
                                  const AnswerHead& head, Now now) {
  gate_.answered(reply, head.used_weight, now);
  if (owner == clock_owner) {
    clock_session_.answer(request, reply, now);
    if (head.date) clock_session_.hear_date(*head.date, now);
    return start_accounts(now);
  }
  if (head.date) clock_session_.hear_date(*head.date, now);
  if (owner == mark_owner) {
    mark_.answer(request, reply, now);
  } else {
    account(owner).answer(request, std::move(reply), now);
  }
}

// --- effects --------------------------------------------------------------------------------

std::vector<EnvironmentSession::OwnedEffect> EnvironmentSession::settle(Now now) {
  std::vector<OwnedEffect> out;
  int rounds = 0;
  // What one session wants may change what another one does: a position that opens wants a price.
  while (collect(out, now) || wake(now)) BRIDGE_ASSERT(++rounds < settle_rounds_max);
  return out;
}

bool EnvironmentSession::collect(std::vector<OwnedEffect>& out, Now now) {
  bool any = !clock_session_.effects().empty() || !mark_.effects().empty();
  collect(clock_owner, clock_session_.effects(), out, now);
  collect(mark_owner, mark_.effects(), out, now);
  auto touched = std::exchange(touched_, std::move(spare_));
  for (const AccountNumber number : touched) {
    Account& account = *accounts_[number];
    account.is_touched = false;
    any = any || !account.session.effects().empty();
    collect(number, account.session.effects(), out, now);
    set_alarm(number);
  }
  touched.clear();
  spare_ = std::move(touched);
  return release_requests(out, now) || any;
}

void EnvironmentSession::collect(Owner owner, Effects& effects, std::vector<OwnedEffect>& out,
                                 Now now) {
  if (effects.empty()) return;
  for (Effect& effect : effects.take()) {
    if (const auto* request = std::get_if<effect::Request>(&effect)) {
      gate_.submit({owner, *request});
    } else if (std::holds_alternative<effect::SynchronizeClock>(effect)) {
      clock_session_.synchronize(now);
    } else {
      out.push_back({owner, std::move(effect)});
    }
  }
}

bool EnvironmentSession::release_requests(std::vector<OwnedEffect>& out, Now now) {
  bool any = false;
  while (const auto ticket = gate_.release(now)) {
    any = true;
    if (awaits(*ticket)) {
      out.push_back({ticket->owner, ticket->request});
    } else {
      gate_.withdrawn(*ticket);
    }
  }
  feed_.set_notice(gate_.notice(), now);
  return any;
}

bool EnvironmentSession::awaits(const RequestGate::Ticket& ticket) const {
  const RequestNumber request = ticket.request.request;
  if (ticket.owner == clock_owner) return clock_session_.awaits(request);
  if (ticket.owner == mark_owner) return mark_.awaits(request);
  return accounts_[ticket.owner]->session.awaits(request);
}

// --- time -----------------------------------------------------------------------------------

void EnvironmentSession::touch(AccountNumber number) {
  if (!std::exchange(accounts_[number]->is_touched, true)) touched_.push_back(number);
}

void EnvironmentSession::set_alarm(AccountNumber number) {
  Account& account = *accounts_[number];
  const MonotonicTime deadline = account.session.deadline();
  if (deadline == account.deadline) return;
  account.deadline = deadline;
  while (!alarms_.empty() && !is_current(alarms_.front())) {
    std::pop_heap(alarms_.begin(), alarms_.end(), is_later);
    alarms_.pop_back();
  }
  if (deadline == never) return;
  alarms_.push_back({deadline, number});
  std::push_heap(alarms_.begin(), alarms_.end(), is_later);
}

bool EnvironmentSession::wake(Now now) {
  if (deadline() > now.monotonic) return false;
  while (!alarms_.empty() && alarms_.front().at <= now.monotonic) {
    const Alarm alarm = alarms_.front();
    std::pop_heap(alarms_.begin(), alarms_.end(), is_later);
    alarms_.pop_back();
    if (!is_current(alarm)) continue;
    accounts_[alarm.account]->deadline = never;
    account(alarm.account).wake(now);
  }
  clock_session_.wake(now);
  feed_.wake(now);
  mark_.wake(now);
  return true;
}

MonotonicTime EnvironmentSession::deadline() const {
  const MonotonicTime alarm = alarms_.empty() ? never : alarms_.front().at;
  return std::min(
      {clock_session_.deadline(), mark_.deadline(), feed_.deadline(), gate_.deadline(), alarm});
}

}  // namespace bridge
