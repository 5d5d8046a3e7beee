#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tests/simulation/account_setups.hpp"
#include "tests/simulation/checkers/announcement_checker.hpp"
#include "tests/simulation/checkers/freshness_checker.hpp"
#include "tests/simulation/checkers/limits_checker.hpp"
#include "tests/simulation/checkers/progress_checker.hpp"
#include "tests/simulation/checkers/recovery_checker.hpp"
#include "tests/simulation/checkers/sequence_checker.hpp"
#include "tests/simulation/checkers/socket_checker.hpp"
#include "tests/simulation/checkers/steadiness_checker.hpp"
#include "tests/simulation/checkers/truth_checker.hpp"
#include "tests/simulation/checkers/valuation_checker.hpp"

namespace simulation {
namespace {

using namespace std::chrono_literals;

constexpr bridge::Duration sweep_interval = 1s;
// A silent stream is given up after 70 s, and waits between attempts grow to a minute.
constexpr bridge::Duration recovery_time = 5min;
// After the last trade, beside one reconcile: all that may be on its way.
constexpr bridge::Duration settling_time = 1min;

Driver::Settings settings_of(const Options& options) {
  return {.stale_after = profile_of(options.profile).stale_after,
          .reconcile_interval = options.reconcile_interval,
          .mark_price_interval = bridge::MarkPriceInterval::three_seconds,
          .seed = exchange::seed_for(options.seed, "bridge"),
          .mutant = options.mutant};
}

bridge::Duration retry_after_of(const exchange::HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    int seconds = 0;
    if (name == "Retry-After" &&
        std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc{})
      return std::chrono::seconds{seconds};
  }
  return {};
}

}  // namespace

Simulation::Simulation(const Options& options)
    : options_(completed(options)),
      scenario_(scenario_of(options_)),
      trace_(options.lines),
      exchange_(scenario_, VirtualClock::start_ms),
      network_(exchange_, clock_, queue_, trace_, exchange::seed_for(options.seed, "network")),
      driver_(network_, clock_, trace_, *this, settings_of(options_)),
      subscriber_(exchange_.world().symbols, scenario_.accounts.size()),
      truth_(exchange_, network_, clock_),
      faults_(exchange_, network_, clock_, paused_until_, truth_, trace_, options_),
      action_random_(exchange::seed_for(options.seed, "actions")),
      scene_{options_,    clock_, exchange_,     network_,  driver_,
             subscriber_, truth_, paused_until_, violation_} {
  network_.attach(driver_, *this);
  checkers_.push_back(std::make_unique<ProgressChecker>(scene_));
  checkers_.push_back(std::make_unique<SequenceChecker>(scene_));
  checkers_.push_back(std::make_unique<ValuationChecker>(scene_));
  checkers_.push_back(std::make_unique<AnnouncementChecker>(scene_));
  checkers_.push_back(std::make_unique<FreshnessChecker>(scene_));
  checkers_.push_back(std::make_unique<SteadinessChecker>(scene_));
  checkers_.push_back(std::make_unique<SocketChecker>(scene_));
  checkers_.push_back(std::make_unique<LimitsChecker>(scene_));
  checkers_.push_back(std::make_unique<TruthChecker>(scene_));
  checkers_.push_back(std::make_unique<RecoveryChecker>(scene_));
}

Simulation::~Simulation() = default;

Outcome Simulation::run() {
  for (AccountIndex index = 0; index < scenario_.accounts.size(); ++index) {
    const exchange::AccountSetup& setup = scenario_.accounts[index];
    driver_.add_account(setup.name, credentials_of(setup));
    indices_[&driver_.feed().identity(index)] = index;
  }
  truth_.observe();
  driver_.start();
  const Instant end = std::chrono::hours{options_.hours};
  const auto schedule = [this](Instant at, EventKind kind) {
    if (at != never) queue_.schedule(at, kind);
  };
  schedule(faults_.next_at(), EventKind::fault);
  schedule(profile_of(options_.profile).action_interval, EventKind::action);
  schedule(sweep_interval, EventKind::sweep);

  run_until(end);
  faults_stopped_ = true;
  faults_.stop();
  run_until(end + recovery_time);
  for (const auto& checker : checkers_) checker->recovered();
  exchange_.set_trading(false, clock_.exchange_ms());
  run_until(end + recovery_time + options_.reconcile_interval + settling_time);
  for (const auto& checker : checkers_) checker->finished();
  return {.violation = violation_,
          .ended_at = clock_.elapsed(),
          .events = trace_.events(),
          .publications = publications_,
          .trace_hash = trace_.hash(),
          .last_lines = {trace_.last_lines().begin(), trace_.last_lines().end()}};
}

void Simulation::run_until(Instant end) {
  while (!violation_) {
    const Instant exchange_at = VirtualClock::instant_of(exchange_.next_deadline());
    const Instant alarm_at = std::max(driver_.deadline(), paused_until_);
    const Instant next = std::min({queue_.next_at(), exchange_at, alarm_at});
    if (next > end) break;
    clock_.advance_to(std::max(next, clock_.elapsed()));
    step(next, exchange_at <= next);
  }
  if (!violation_) clock_.advance_to(end);
}

void Simulation::step(Instant next, bool is_exchange_due) {
  if (is_exchange_due) {
    trace_.event(clock_.elapsed(), 0xff, 0);
    network_.advance_exchange();
  } else if (queue_.next_at() <= next) {
    take(queue_.take());
  } else {
    trace_.event(clock_.elapsed(), 0xfe, 0);
    driver_.settle();
  }
  look_at_touched();
}

void Simulation::take(const Event& event) {
  const bool is_for_bridge = event.kind == EventKind::frames_to_client ||
                             event.kind == EventKind::answer_to_client ||
                             event.kind == EventKind::request_times_out;
  if (is_for_bridge && clock_.elapsed() < paused_until_) {
    queue_.schedule(paused_until_, event.kind, event.subject);
    return;
  }
  trace_.event(clock_.elapsed(), static_cast<std::uint64_t>(event.kind), event.subject);
  switch (event.kind) {
    case EventKind::fault: {
      if (faults_stopped_) return;
      const Instant paused = paused_until_;
      faults_.inject();
      if (paused_until_ != paused) {
        // What requests would have mended waits until the bridge goes on.
        for (AccountIndex index = 0; index < subscriber_.account_count(); ++index)
          truth_.request_failed(index, paused_until_ - clock_.elapsed());
      }
      queue_.schedule(faults_.next_at(), EventKind::fault);
      return;
    }
    case EventKind::action: return act();
    case EventKind::check_account:
      for (const auto& checker : checkers_)
        checker->settled(static_cast<AccountIndex>(event.subject));
      return;
    case EventKind::sweep: return sweep();
    default: return network_.take_event(event);
  }
}

// An account changes something besides its positions.
void Simulation::act() {
  const auto index = static_cast<AccountIndex>(action_random_.below(subscriber_.account_count()));
  const std::string& account = scenario_.accounts[index].name;
  const auto symbol =
      static_cast<exchange::SymbolId>(action_random_.below(exchange_.world().symbols.size()));
  const std::string name(exchange_.world().symbols[symbol].name);
  const exchange::UnixMs now = clock_.exchange_ms();
  switch (action_random_.below(3)) {
    case 0:
      if (exchange_.set_leverage(account, name, static_cast<int>(action_random_.between(1, 50)),
                                 now))
        truth_.setting_changed(index, symbol, Truth::Setting::leverage);
      break;
    case 1: {
      const auto type = action_random_.below(2) == 0 ? exchange::MarginType::cross
                                                     : exchange::MarginType::isolated;
      if (exchange_.set_margin_type(account, name, type, now))
        truth_.setting_changed(index, symbol, Truth::Setting::margin_type);
      break;
    }
    default: exchange_.deposit(account, "USDT", exchange::Amount::whole(100), now);
  }
  network_.pump();
  schedule_check(index, std::chrono::milliseconds{Truth::event_delay_max_ms + 2});
  queue_.schedule(clock_.elapsed() + profile_of(options_.profile).action_interval,
                  EventKind::action);
}

void Simulation::sweep() {
  // What requests would have mended waits with them.
  const bridge::RequestGate& gate = driver_.session().gate();
  if (!gate.notice().empty() || gate.metrics().waiting.read() > 0) {
    for (AccountIndex index = 0; index < subscriber_.account_count(); ++index)
      truth_.request_failed(index, {});
  }
  for (const auto& checker : checkers_) checker->sweep();
  queue_.schedule(clock_.elapsed() + sweep_interval, EventKind::sweep);
}

void Simulation::look_at_touched() {
  driver_.take_touched(touched_);
  for (const AccountIndex account : touched_) {
    for (const auto& checker : checkers_) checker->settled(account);
  }
}

void Simulation::schedule_check(AccountIndex account, bridge::Duration later) {
  queue_.schedule(clock_.elapsed() + later, EventKind::check_account, account);
}

// --- what the network sees --------------------------------------------------------------------

void Simulation::swallowed(AccountIndex account) {
  truth_.event_was_lost(account);
}

void Simulation::exchange_moved() {
  for (const AccountIndex account : truth_.observe()) {
    trace_.mix(account);
    if (trace_.has_lines()) {
      for (const auto& [key, position] : truth_.account(account).positions()) {
        if (position.update_time != clock_.exchange_ms()) continue;
        trace_.line(clock_.elapsed(),
                    "exchange: " + scenario_.accounts[account].name + " " +
                        std::string(exchange_.world().symbols[key.symbol].name) + " " +
                        std::string(exchange::position_side_text(key.side)) + " " +
                        position.amount.text() + " @ " + position.entry_price.text() +
                        (network_.can_tell(account) ? "" : " (nobody is told)"));
      }
    }
    schedule_check(account, std::chrono::milliseconds{Truth::event_delay_max_ms + 2});
  }
}

void Simulation::request_ended(const RequestPurpose& purpose,
                               const exchange::HttpResponse* response, Instant asked_at) {
  if (purpose.account == nobody) return;
  if (response == nullptr || response->status != 200) {
    truth_.request_failed(purpose.account,
                          response == nullptr ? bridge::Duration{} : retry_after_of(*response));
  } else if (purpose.endpoint == bridge::Endpoint::symbol_config) {
    truth_.settings_were_read(purpose.account, asked_at);
  }
}

// --- what the bridge publishes ----------------------------------------------------------------

AccountIndex Simulation::index_of(const bridge::AccountIdentity& identity) const {
  return indices_.at(&identity);
}

// A topic is of one account for ever, so nobody has to be looked up twice.
AccountIndex Simulation::account_of(const bridge::PositionUpdate& update) {
  if (update.topic >= topic_accounts_.size()) topic_accounts_.resize(update.topic + 1, nobody);
  AccountIndex& account = topic_accounts_[update.topic];
  if (account == nobody) account = index_of(update.account);
  return account;
}

void Simulation::publish(const bridge::PositionUpdate& update) {
  ++publications_;
  // Of a price, so that nothing but its number is missed.
  if (options_.mutant == Mutant::lose_a_publication &&
      update.trigger == bridge::Trigger::mark_price && publications_ % 100 == 0)
    return;
  if (options_.mutant == Mutant::publish_twice && publications_ % 100 == 0) hand_out(update);
  if (options_.mutant == Mutant::hide_staleness && update.trigger == bridge::Trigger::state) {
    bridge::PositionUpdate changed = update;
    changed.state = bridge::PositionState::live;
    return hand_out(changed);
  }
  if (options_.mutant == Mutant::value_with_previous_price) {
    bridge::PositionUpdate changed = update;
    changed.unrealized_pnl = std::exchange(previous_pnl_, update.unrealized_pnl);
    return hand_out(changed);
  }
  hand_out(update);
}

void Simulation::hand_out(const bridge::PositionUpdate& update) {
  const AccountIndex account = account_of(update);
  trace_.mix(static_cast<std::uint64_t>(update.position.amount.coefficient()));
  trace_.mix(update.account_seq << 8U ^ static_cast<std::uint64_t>(update.state));
  if (update.unrealized_pnl)
    trace_.mix(static_cast<std::uint64_t>(update.unrealized_pnl->coefficient()));
  if (trace_.has_lines() && update.trigger != bridge::Trigger::mark_price) note(account, update);
  for (const auto& checker : checkers_) checker->published_position(update, account);
  subscriber_.take(update, account, clock_.elapsed());
}

void Simulation::publish(const bridge::AccountStatus& status) {
  ++publications_;
  const AccountIndex account = index_of(status.account);
  trace_.mix(status.account_seq << 8U ^ static_cast<std::uint64_t>(status.state));
  if (trace_.has_lines()) note(account, status);
  for (const auto& checker : checkers_) checker->published_status(status, account);
  subscriber_.take(status, account, clock_.elapsed());
}

void Simulation::note(AccountIndex account, const bridge::PositionUpdate& update) {
  trace_.line(
      clock_.elapsed(),
      scenario_.accounts[account].name + " -> " + std::string(update.symbol) + " " +
          std::string(to_string(update.position_side)) + " " + update.position.amount.to_string() +
          " @ " + update.position.entry_price.to_string() + " " +
          std::string(to_string(update.state)) + " by " + std::string(to_string(update.trigger)));
}

void Simulation::note(AccountIndex account, const bridge::AccountStatus& status) {
  trace_.line(clock_.elapsed(), scenario_.accounts[account].name + " -> " +
                                    std::string(to_string(status.state)) + ": " +
                                    std::string(status.detail));
}

}  // namespace simulation
