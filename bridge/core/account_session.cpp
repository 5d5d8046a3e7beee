#include "bridge/core/account_session.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/assert.hpp"
#include "bridge/core/limits.hpp"
#include "bridge/core/rest_verdict.hpp"

namespace bridge {
namespace {

std::string in_seconds(Duration duration) {
  const std::int64_t tenths = duration.count() / 100'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

std::string_view to_string(ListenKeyOutcome outcome) {
  switch (outcome) {
    case ListenKeyOutcome::created: return "created";
    case ListenKeyOutcome::kept_alive: return "kept_alive";
    case ListenKeyOutcome::replaced: return "replaced";
    case ListenKeyOutcome::failed: return "failed";
  }
  BRIDGE_UNREACHABLE("not a ListenKeyOutcome");
}

std::string_view to_string(ReconcileOutcome outcome) {
  switch (outcome) {
    case ReconcileOutcome::clean: return "clean";
    case ReconcileOutcome::corrected: return "corrected";
    case ReconcileOutcome::failed: return "failed";
  }
  BRIDGE_UNREACHABLE("not a ReconcileOutcome");
}

AccountSession::AccountSession(PositionFeed& feed, PositionFeed::AccountNumber account,
                               const ExchangeClock& clock, Settings settings)
    : feed_{feed}, account_{account}, clock_{clock}, settings_{settings}, backoff_{settings.seed} {}

void AccountSession::start(Now now) {
  BRIDGE_ASSERT(phase_ == Phase::stopped);
  obtain_key(now);
}

void AccountSession::stop(Now now) {
  if (phase_ == Phase::stopped) return;
  const bool had_key = listen_key_.has_value() && phase_ != Phase::failed;
  forget_requests();
  drop_stream(CloseCause::requested, now);
  if (had_key && settings_.listen_key_on_stop == Settings::ListenKeyOnStop::close)
    request(Endpoint::close_listen_key);
  listen_key_.reset();
  enter(Phase::stopped, "stopped", now);
}

// --- phases ---------------------------------------------------------------------------------

void AccountSession::enter(Phase phase, std::string detail, Now now) {
  using UserPhase = PositionFeed::UserPhase;
  phase_ = phase;
  if (phase != Phase::waiting) retry_at_ = never;
  const auto user_phase = [phase] {
    switch (phase) {
      case Phase::stopped: return UserPhase::stopped;
      case Phase::failed: return UserPhase::failed;
      case Phase::synchronizing: return UserPhase::syncing;
      case Phase::synchronized: return UserPhase::synchronized;
      case Phase::obtaining_key:
      case Phase::opening_stream:
      case Phase::waiting: return UserPhase::connecting;
    }
    BRIDGE_UNREACHABLE("not a Phase");
  }();
  metrics_.stream.connected.set(life_.is_open());
  feed_.set_user_connected(account_, life_.is_open());
  feed_.set_user_phase(account_, user_phase, std::move(detail), now);
}

void AccountSession::obtain_key(Now now) {
  BRIDGE_ASSERT(life_.phase() == StreamLife::Phase::closed);
  key_request_ = request(Endpoint::create_listen_key);
  enter(Phase::obtaining_key, "asking the exchange for a listen key", now);
}

void AccountSession::open_stream(Now now) {
  life_.opening(now.monotonic);
  effects_.add(effect::OpenUserStream{++stream_, *listen_key_});
  enter(Phase::opening_stream, "opening the user stream", now);
}

void AccountSession::begin_synchronization(Now now) {
  // Not at once: REST may lag, and what happened right before the stream was opened would be
  // neither on the stream nor in the snapshot.
  synchronization_ = {};
  synchronization_.request_at = now.monotonic + limits::rest_lag_max;
  enter(Phase::synchronizing, "reading the positions from the exchange", now);
}

void AccountSession::request_snapshots(Now now) {
  Synchronization& sync = synchronization_;
  sync.request_at = never;
  sync.snapshot.certain_before = certain_before(now);
  sync.has_account_config = sync.has_symbol_configs = sync.has_positions = false;
  sync.account_config_request = request(Endpoint::account_config);
  sync.symbol_configs_request = request(Endpoint::symbol_config);
  sync.positions_request = request(Endpoint::position_risk);
}

void AccountSession::finish_synchronization(Now now) {
  Synchronization& sync = synchronization_;
  feed_.set_user_connected(account_, true);
  feed_.synchronize(account_, sync.snapshot, "both streams are connected, the positions are known",
                    now);
  phase_ = Phase::synchronized;  // not by enter(): the feed has learned it with the positions
  const std::size_t event_count = sync.snapshot.account_updates.size();
  sync = {};
  if (settings_.reconcile_interval > Duration::zero())
    reconcile_due_ = now.monotonic + settings_.reconcile_interval;
  effects_.log(LogLevel::info,
               "synchronized (" + std::string{to_string(position_mode_)} + " mode): " +
                   std::to_string(feed_.view(account_).book.open_count()) + " open positions, " +
                   std::to_string(event_count) + " events while reading them");
}

void AccountSession::start_over(CloseCause cause, const std::string& why, Now now,
                                Duration wait_at_least) {
  drop_stream(cause, now);
  const Duration wait = std::max(backoff_.next_delay(), wait_at_least);
  forget_requests();
  retry_at_ = now.monotonic + wait;
  const std::string detail = why + "; connecting again in " + in_seconds(wait);
  effects_.log(LogLevel::warn, detail);
  enter(Phase::waiting, detail, now);
}

void AccountSession::fail(const std::string& why, Now now) {
  forget_requests();
  drop_stream(CloseCause::requested, now);
  listen_key_.reset();
  const std::string detail =
      why + "; this account is left alone until its configuration is reloaded";
  effects_.log(LogLevel::error, detail);
  enter(Phase::failed, detail, now);
}

void AccountSession::drop_stream(CloseCause cause, Now now) {
  if (life_.phase() == StreamLife::Phase::closed) return;
  stream_ended(cause, now);
  effects_.add(effect::CloseStream{stream_});
}

void AccountSession::stream_ended(CloseCause cause, Now now) {
  if (life_.was_stable(now.monotonic)) backoff_.reset();
  metrics_.stream.disconnects[cause].add();
  life_.closed();
}

void AccountSession::forget_requests() {
  key_request_ = renewal_request_ = reconcile_request_ = 0;
  renewal_due_ = reconcile_due_ = never;
  reconcile_is_recheck_ = false;
  synchronization_ = {};
}

// --- the stream -----------------------------------------------------------------------------

void AccountSession::stream_opened(StreamNumber stream, Now now) {
  if (stream != stream_ || life_.phase() != StreamLife::Phase::opening) return;
  life_.opened(now.monotonic);
  metrics_.stream.connects.add();
  effects_.log(LogLevel::info, "user stream open");
  begin_synchronization(now);
}

void AccountSession::stream_closed(StreamNumber stream, const StreamEnd& reason, Now now) {
  if (stream != stream_ || life_.phase() == StreamLife::Phase::closed) return;
  stream_ended(reason.cause, now);
  start_over(reason.cause, "user stream: " + reason.text, now);
}

void AccountSession::stream_alive(StreamNumber stream, Now now) {
  if (stream == stream_) life_.heard(now.monotonic);
}

void AccountSession::stream_message(StreamNumber stream, UserMessage message, Now received) {
  if (stream != stream_ || !life_.is_open()) return;
  life_.heard(received.monotonic);
  std::visit([&](const auto& value) { handle(value, received); }, message);
}

void AccountSession::handle(const AccountUpdate& update, Now received) {
  metrics_.stream.count(StreamEvent::account_update, received.wall);
  if (buffers()) {
    synchronization_.snapshot.account_updates.push_back(update);
    check_buffer(received);
  } else {
    feed_.apply(account_, update, received);
  }
}

void AccountSession::handle(const LeverageChange& change, Now received) {
  metrics_.stream.count(StreamEvent::account_config_update, received.wall);
  if (buffers()) {
    synchronization_.snapshot.leverage_changes.push_back(change);
    check_buffer(received);
  } else {
    feed_.apply(account_, change, received);
  }
}

void AccountSession::handle(const ListenKeyExpired& event, Now received) {
  metrics_.stream.count(StreamEvent::listen_key_expired, received.wall);
  // It comes twice now and then, and then speaks of the key before.
  if (event.listen_key && listen_key_ && *event.listen_key != *listen_key_) return;
  start_over(CloseCause::replaced, "the listen key expired", received);
}

void AccountSession::handle(const OtherEvent& event, Now received) {
  metrics_.stream.count(stream_event_named(event.name), received.wall);
}

void AccountSession::handle(const ControlReply&, Now received) {
  metrics_.stream.count(StreamEvent::control_reply, received.wall);
}

void AccountSession::check_buffer(Now now) {
  const auto& snapshot = synchronization_.snapshot;
  if (snapshot.account_updates.size() + snapshot.leverage_changes.size() > limits::sync_buffer_max)
    start_over(CloseCause::requested, "too many events while reading the positions", now);
}

// --- answers --------------------------------------------------------------------------------

void AccountSession::answer(RequestNumber request, RestReply reply, Now now) {
  if (request == 0) return;
  if (request == key_request_) {
    key_request_ = 0;
    key_answered(reply, now);
  } else if (request == renewal_request_) {
    renewal_request_ = 0;
    renewal_answered(reply, now);
  } else if (request == reconcile_request_) {
    reconcile_request_ = 0;
    reconcile_answered(reply, now);
  } else if (phase_ == Phase::synchronizing) {
    synchronization_answered(request, reply, now);
  }
}

bool AccountSession::is_decisive(const RestFailure& failure, Now now) {
  switch (verdict(failure)) {
    case RestVerdict::credentials_refused:
      fail("the exchange refuses the credentials (" + describe(failure) + ")", now);
      return true;
    case RestVerdict::listen_key_is_gone:
      start_over(CloseCause::replaced, "the listen key is gone (" + describe(failure) + ")", now);
      return true;
    case RestVerdict::clock_is_off: effects_.add(effect::SynchronizeClock{}); return false;
    case RestVerdict::slow_down:
    case RestVerdict::try_again: return false;
  }
  BRIDGE_UNREACHABLE("not a RestVerdict");
}

void AccountSession::key_answered(const RestReply& reply, Now now) {
  if (const auto* key = std::get_if<ListenKeyReply>(&reply)) {
    const bool is_other = listen_key_ && *listen_key_ != key->listen_key;
    metrics_.listen_key_renewals[is_other ? ListenKeyOutcome::replaced : ListenKeyOutcome::created]
        .add();
    listen_key_ = key->listen_key;
    renewal_due_ = now.monotonic + limits::listen_key_renewal_interval;
    renewal_retry_ = limits::listen_key_renewal_retry_min;
    open_stream(now);
    return;
  }
  metrics_.listen_key_renewals[ListenKeyOutcome::failed].add();
  const auto* failure = std::get_if<RestFailure>(&reply);
  BRIDGE_ASSERT(failure != nullptr);
  if (is_decisive(*failure, now)) return;
  start_over(CloseCause::requested, "no listen key: " + describe(*failure), now,
             wait_asked_for(*failure, clock_.at_least(now.monotonic), Duration::zero()));
}

void AccountSession::renewal_answered(const RestReply& reply, Now now) {
  if (const auto* key = std::get_if<ListenKeyReply>(&reply)) {
    // Portfolio Margin does not name the key; then it is ours.
    if (!key->listen_key.empty() && key->listen_key != *listen_key_) {
      metrics_.listen_key_renewals[ListenKeyOutcome::replaced].add();
      start_over(CloseCause::replaced, "the exchange renewed another listen key than ours", now);
      return;
    }
    metrics_.listen_key_renewals[ListenKeyOutcome::kept_alive].add();
    renewal_due_ = now.monotonic + limits::listen_key_renewal_interval;
    renewal_retry_ = limits::listen_key_renewal_retry_min;
    return;
  }
  metrics_.listen_key_renewals[ListenKeyOutcome::failed].add();
  const auto* failure = std::get_if<RestFailure>(&reply);
  BRIDGE_ASSERT(failure != nullptr);
  if (is_decisive(*failure, now)) return;
  const Duration wait = wait_asked_for(*failure, clock_.at_least(now.monotonic), renewal_retry_);
  effects_.log(LogLevel::warn, "the listen key was not kept alive: " + describe(*failure) +
                                   "; trying again in " + in_seconds(wait));
  renewal_due_ = now.monotonic + wait;
  renewal_retry_ = std::min(renewal_retry_ * 2, limits::listen_key_renewal_retry_max);
}

void AccountSession::synchronization_answered(RequestNumber request, RestReply& reply, Now now) {
  Synchronization& sync = synchronization_;
  if (request != sync.account_config_request && request != sync.symbol_configs_request &&
      request != sync.positions_request)
    return;

  if (const auto* failure = std::get_if<RestFailure>(&reply)) {
    if (is_decisive(*failure, now)) return;
    // Events go on being buffered; all of the snapshot is read again, so that it is of one time.
    const Duration wait =
        wait_asked_for(*failure, clock_.at_least(now.monotonic), backoff_.next_delay());
    sync.account_config_request = sync.symbol_configs_request = sync.positions_request = 0;
    sync.request_at = now.monotonic + wait;
    effects_.log(LogLevel::warn, "the positions could not be read: " + describe(*failure) +
                                     "; trying again in " + in_seconds(wait));
    return;
  }
  if (const auto* config = std::get_if<AccountConfig>(&reply)) {
    sync.has_account_config = true;
    position_mode_ = config->position_mode;
  }
  if (auto* configs = std::get_if<SymbolConfigs>(&reply)) {
    sync.has_symbol_configs = true;
    sync.snapshot.symbol_configs = std::move(*configs);
  }
  if (auto* positions = std::get_if<PositionRows>(&reply)) {
    sync.has_positions = true;
    sync.snapshot.positions = std::move(*positions);
  }
  if (sync.has_account_config && sync.has_symbol_configs && sync.has_positions)
    finish_synchronization(now);
}

void AccountSession::reconcile_answered(const RestReply& reply, Now now) {
  if (phase_ != Phase::synchronized) return;
  reconcile_due_ = now.monotonic + settings_.reconcile_interval;
  if (const auto* failure = std::get_if<RestFailure>(&reply)) {
    metrics_.reconciles[ReconcileOutcome::failed].add();
    if (is_decisive(*failure, now)) return;
    effects_.log(LogLevel::warn, "the positions could not be compared: " + describe(*failure));
    reconcile_due_ = now.monotonic + wait_asked_for(*failure, clock_.at_least(now.monotonic),
                                                    settings_.reconcile_interval);
    return;
  }
  const auto* positions = std::get_if<PositionRows>(&reply);
  BRIDGE_ASSERT(positions != nullptr);
  const auto result = feed_.reconcile(account_, *positions, reconcile_certain_before_, now);
  const bool is_clean = result.corrections.empty();
  metrics_.reconciles[is_clean ? ReconcileOutcome::clean : ReconcileOutcome::corrected].add();
  for (const auto& correction : result.corrections) {
    effects_.log(LogLevel::error, "corrected " + correction.symbol + " " +
                                      std::string{to_string(correction.position_side)} + ": had " +
                                      correction.amount_before.to_string() +
                                      ", the exchange says " + correction.amount_after.to_string());
  }
  // Once; what stays undecided then waits for the next regular comparison.
  reconcile_is_recheck_ = result.undecided > 0 && !reconcile_is_recheck_;
  if (reconcile_is_recheck_)
    reconcile_due_ = std::min(reconcile_due_, now.monotonic + limits::reconcile_recheck_delay);
}

// --- time -----------------------------------------------------------------------------------

void AccountSession::wake(Now now) {
  switch (life_.wake(now.monotonic)) {
    case StreamLife::Due::nothing: break;
    case StreamLife::Due::ping: effects_.add(effect::Ping{stream_}); break;
    case StreamLife::Due::give_up_opening:
      start_over(CloseCause::opening_timeout, "the user stream did not open in time", now);
      break;
    case StreamLife::Due::give_up_silent:
      start_over(CloseCause::silence, "the user stream does not answer pings", now);
      break;
  }
  if (now.monotonic >= retry_at_) obtain_key(now);
  if (now.monotonic >= renewal_due_) renew_key(now);
  if (now.monotonic >= synchronization_.request_at) request_snapshots(now);
  if (now.monotonic >= reconcile_due_) begin_reconcile(now);
}

MonotonicTime AccountSession::deadline() const {
  return std::min(
      {life_.deadline(), retry_at_, renewal_due_, synchronization_.request_at, reconcile_due_});
}

RequestNumber AccountSession::request(Endpoint endpoint) {
  effects_.add(effect::Request{++last_request_, endpoint});
  return last_request_;
}

void AccountSession::renew_key(Now) {
  renewal_due_ = never;
  renewal_request_ = request(Endpoint::keep_listen_key_alive);
}

void AccountSession::begin_reconcile(Now now) {
  reconcile_due_ = never;
  reconcile_certain_before_ = certain_before(now);
  reconcile_request_ = request(Endpoint::position_risk);
}

WallTime AccountSession::certain_before(Now now) const {
  return clock_.at_least(now.monotonic) - limits::rest_lag_max;
}

}  // namespace bridge
