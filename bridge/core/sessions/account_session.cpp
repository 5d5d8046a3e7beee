#include "bridge/core/sessions/account_session.hpp"

#include <algorithm>
#include <utility>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/limits/rest_verdict.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

std::string in_seconds(Duration duration) {
  const std::int64_t tenths = duration.count() / 100'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string in_minutes(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::minutes>(duration).count()) + " min";
}

// Two streams of random numbers must not be the same.
constexpr std::uint64_t key_salt = 0x6b65'7900'0000'0000U;
constexpr std::uint64_t stream_salt = 0x7374'7265'616d'0000U;
constexpr std::uint64_t reconcile_salt = 0x7265'636f'6e00'0000U;

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

AccountSession::AccountSession(const Shared& shared, PositionFeed::AccountNumber account,
                               Settings settings)
    : feed_{shared.feed},
      account_{account},
      pacer_{shared.pacer},
      endpoints_{shared.endpoints},
      forms_{shared.forms},
      settings_{settings},
      backoff_{settings.seed},
      key_{settings.seed ^ key_salt},
      stream_{*this, effects_, shared.pacer, settings.seed ^ stream_salt},
      synchronizer_{look_context(), shared.clock},
      reconciler_{
          {.feed = shared.feed, .number = account, .clock = shared.clock, .look = look_context()},
          shared.reconcile_plan,
          settings.seed ^ reconcile_salt} {}

void AccountSession::start(Now now) {
  BRIDGE_ASSERT(phase_ == Phase::stopped);
  backoff_.reset();
  has_turn_ = false;
  connect(now);
}

void AccountSession::stop(Now now) {
  if (phase_ == Phase::stopped) return;
  const bool had_key = key_.key() != nullptr && phase_ != Phase::failed;
  forget_requests();
  stream_.close(CloseCause::requested, now);
  if (had_key && settings_.listen_key_on_stop == Settings::ListenKeyOnStop::close)
    close_key_request_ = requests_.send(Endpoint::close_listen_key, Urgency::vital);
  key_.forget();
  note_key_life(now);
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
      case Phase::waiting:
      case Phase::obtaining_key:
      case Phase::opening_stream: return UserPhase::connecting;
    }
    BRIDGE_UNREACHABLE("not a Phase");
  }();
  feed_.set_user_connected(account_, stream_.is_open());
  feed_.set_user_phase(account_, user_phase, std::move(detail), now);
}

// Whoever connects asks for a listen key first, so the turn to connect is waited for before that.
void AccountSession::connect(Now now) {
  const MonotonicTime turn = has_turn_ ? now.monotonic : pacer_.reserve(now.monotonic);
  has_turn_ = turn > now.monotonic;
  if (!has_turn_) return obtain_key(now);
  retry_at_ = turn;
  enter(Phase::waiting,
        "waiting for its turn to connect, in " + in_seconds(turn - now.monotonic) +
            ": one address may open only so many connections a minute",
        now);
}

void AccountSession::obtain_key(Now now) {
  BRIDGE_ASSERT(stream_.is_closed());
  key_request_ = requests_.send(Endpoint::create_listen_key, Urgency::vital);
  enter(Phase::obtaining_key, "asking the exchange for a listen key", now);
}

void AccountSession::begin_synchronization(Now now) {
  feed_.set_evidence(account_, stream_.evidence(), now);
  synchronizer_.begin(now.monotonic);
  stream_.allow_rotation(false);
  enter(Phase::synchronizing, "reading the positions from the exchange", now);
}

void AccountSession::finish_synchronization_if_complete(Now now) {
  if (!synchronizer_.is_complete() || !stream_.is_judged()) return;
  const PositionFeed::Snapshot snapshot = synchronizer_.take();
  feed_.set_user_connected(account_, true);
  feed_.synchronize(account_, snapshot, "both streams are connected, the positions are known", now);
  phase_ = Phase::synchronized;  // not by enter(): the feed has learned it with the positions
  stream_.allow_rotation(true);
  metrics_.positions_confirmed_us.set(to_us(now.wall));
  reconciler_.start(now.monotonic);
  effects_.log(LogLevel::info,
               "synchronized (" + std::string{position_mode_.name()} + " mode): " +
                   std::to_string(feed_.view(account_).book.open_count()) + " open positions, " +
                   std::to_string(snapshot.account_updates.size()) + " events while reading them");
}

void AccountSession::start_over(CloseCause cause, const std::string& why, Now now) {
  stream_.close(cause, now);
  wait(why, now);
}

void AccountSession::wait(const std::string& why, Now now) {
  if (stream_.was_stable()) backoff_.reset();
  forget_requests();
  note_key_life(now);
  const Duration delay = backoff_.next_delay();
  retry_at_ = now.monotonic + delay;
  const std::string detail = why + "; connecting again in " + in_seconds(delay);
  effects_.log(LogLevel::warn, detail);
  enter(Phase::waiting, detail, now);
}

void AccountSession::fail(const std::string& why, Now now) {
  forget_requests();
  stream_.close(CloseCause::requested, now);
  key_.forget();
  note_key_life(now);
  const std::string detail =
      why + "; this account is left alone until its configuration is reloaded";
  effects_.log(LogLevel::error, detail);
  enter(Phase::failed, detail, now);
}

void AccountSession::forget_requests() {
  key_request_ = renewal_request_ = 0;
  key_.rest();
  reconciler_.stop();
  reconciler_.watch(false, {});
  synchronizer_.abandon();
}

// --- the stream -----------------------------------------------------------------------------

void AccountSession::on_stream_open(Now now) {
  begin_synchronization(now);
}

void AccountSession::on_stream_evidence(Now now) {
  if (stream_.evidence() == StreamEvidence::event) {
    next_form_.reset();
    forms_in_vain_ = 0;
    if (forms_.note_works(stream_.form()))
      effects_.log(LogLevel::info, "user streams addressed in the form \"" +
                                       std::string{to_string(stream_.form())} +
                                       "\" deliver events; all accounts of the environment begin "
                                       "with it from now on");
  }
  feed_.set_evidence(account_, stream_.evidence(), now);
  reconciler_.watch(stream_.needs_watching(), now.monotonic);
  finish_synchronization_if_complete(now);
}

void AccountSession::on_stream_gap(const std::string& why, Now now) {
  effects_.log(LogLevel::warn, why);
  reconciler_.pause();
  begin_synchronization(now);
}

void AccountSession::on_stream_lost(CloseCause, const std::string& why, Now now) {
  wait(why, now);
}

void AccountSession::on_event(const AccountUpdate& update, Now received) {
  keep_or_apply(update, received);
}

void AccountSession::on_event(const LeverageChange& change, Now received) {
  keep_or_apply(change, received);
}

template <class Event>
void AccountSession::keep_or_apply(const Event& event, Now received) {
  if (!synchronizer_.is_under_way()) return feed_.apply(account_, event, received);
  if (!synchronizer_.keep(event))
    start_over(CloseCause::requested, "too many events while reading the positions", received);
}

void AccountSession::on_event(const ListenKeyExpired& event, Now received) {
  // It comes twice now and then, and then speaks of the key before.
  if (event.listen_key && key_.key() != nullptr && *event.listen_key != *key_.key()) return;
  start_over(CloseCause::replaced, "the listen key expired", received);
}

// --- answers --------------------------------------------------------------------------------

bool AccountSession::awaits(RequestNumber request) const {
  return request != 0 &&
         (request == key_request_ || request == renewal_request_ || request == close_key_request_ ||
          synchronizer_.awaits(request) || reconciler_.awaits(request));
}

void AccountSession::answer(RequestNumber request, RestReply reply, Now now) {
  if (!awaits(request)) return;
  if (request == close_key_request_) {
    close_key_request_ = 0;
  } else if (request == key_request_) {
    key_request_ = 0;
    key_answered(reply, now);
  } else if (request == renewal_request_) {
    renewal_request_ = 0;
    renewal_answered(reply, now);
  } else {
    look_answered(request, std::move(reply), now);
  }
}

bool AccountSession::is_decisive(const RestFailure& failure, Now now) {
  switch (verdict(failure)) {
    case RestVerdict::credentials_refused:
      fail("the exchange refuses the credentials (" + bridge::describe(failure) + ")", now);
      return true;
    case RestVerdict::listen_key_is_gone:
      start_over(CloseCause::replaced, "the listen key is gone (" + bridge::describe(failure) + ")",
                 now);
      return true;
    case RestVerdict::clock_is_off: effects_.add(effect::SynchronizeClock{}); return false;
    case RestVerdict::path_is_gone:
    case RestVerdict::slow_down:
    case RestVerdict::try_again: return false;
  }
  BRIDGE_UNREACHABLE("not a RestVerdict");
}

void AccountSession::key_answered(const RestReply& reply, Now now) {
  if (const auto* key = std::get_if<ListenKeyReply>(&reply)) {
    const bool is_other = key_.granted(key->listen_key, now.monotonic);
    metrics_.listen_key_renewals[is_other ? ListenKeyOutcome::replaced : ListenKeyOutcome::created]
        .add();
    note_key_life(now);
    stream_.open(*key_.key(), next_form_.value_or(forms_.first()), now);
    enter(Phase::opening_stream, "opening the user stream", now);
    return;
  }
  metrics_.listen_key_renewals[ListenKeyOutcome::failed].add();
  const auto* failure = std::get_if<RestFailure>(&reply);
  BRIDGE_ASSERT(failure != nullptr);
  if (!is_decisive(*failure, now))
    start_over(CloseCause::requested, "no listen key: " + bridge::describe(*failure), now);
}

void AccountSession::renewal_answered(const RestReply& reply, Now now) {
  const auto* key = std::get_if<ListenKeyReply>(&reply);
  if (key == nullptr) {
    const auto* failure = std::get_if<RestFailure>(&reply);
    BRIDGE_ASSERT(failure != nullptr);
    return renewal_failed(*failure, now);
  }
  // Portfolio Margin does not name the key; then it is ours.
  if (!key->listen_key.empty() && key->listen_key != *key_.key()) {
    metrics_.listen_key_renewals[ListenKeyOutcome::replaced].add();
    start_over(CloseCause::replaced, "the exchange renewed another listen key than ours", now);
    return;
  }
  metrics_.listen_key_renewals[ListenKeyOutcome::kept_alive].add();
  key_.renewed(now.monotonic);
  note_key_life(now);
  feed_.set_user_warning(account_, {}, now);
}

void AccountSession::renewal_failed(const RestFailure& failure, Now now) {
  metrics_.listen_key_renewals[ListenKeyOutcome::failed].add();
  if (is_decisive(failure, now)) return;
  const Duration delay = key_.renewal_failed(now.monotonic);
  const std::string left = in_minutes(key_.over_at() - now.monotonic);
  effects_.log(LogLevel::warn, "the listen key was not kept alive: " + bridge::describe(failure) +
                                   "; trying again in " + in_seconds(delay) + ", it expires in " +
                                   left);
  feed_.set_user_warning(account_,
                         "the listen key could not be kept alive (" + bridge::describe(failure) +
                             "), it expires in " + left,
                         now);
}

void AccountSession::look_answered(RequestNumber request, RestReply reply, Now now) {
  const auto* failure = std::get_if<RestFailure>(&reply);
  if (failure != nullptr && is_decisive(*failure, now)) return;
  if (reconciler_.awaits(request)) {
    const auto result = reconciler_.answer(request, std::move(reply), now);
    if (result) comparison_ended(*result, now);
    return;
  }
  if (const auto failed = synchronizer_.answer(request, std::move(reply), now.monotonic))
    return synchronization_failed(*failed, now);
  finish_synchronization_if_complete(now);
}

void AccountSession::synchronization_failed(const RestFailure& failure, Now now) {
  const Duration delay = backoff_.next_delay();
  synchronizer_.read_again(delay, now.monotonic);
  effects_.log(LogLevel::warn, "the positions could not be read: " + bridge::describe(failure) +
                                   "; trying again in " + in_seconds(delay));
}

void AccountSession::comparison_ended(const Reconciler::Result& result, Now now) {
  metrics_.reconciles[result.outcome].add();
  if (result.is_confirmed) {
    metrics_.positions_confirmed_us.set(to_us(now.wall));
    feed_.note_confirmed(account_, now);
  }
  if (result.outcome == ReconcileOutcome::corrected) distrust_stream(now);
}

// What was corrected should have come on the stream. Its key may be dead, which nobody tells, or
// the exchange may have forgotten the connection, or not serve this form of address.
void AccountSession::distrust_stream(Now now) {
  const int corrections = reconciler_.corrections_in_a_row();
  const bool brought_nothing = stream_.evidence() != StreamEvidence::event;
  if (brought_nothing && (stream_.needs_watching() || corrections >= limits::corrections_tolerated))
    return stream_brought_nothing(now);
  if (corrections >= limits::corrections_tolerated)
    return start_over(
        CloseCause::distrusted,
        "the user stream does not tell of all changes: " + std::to_string(corrections) +
            " comparisons in a row had to correct something",
        now);
  key_.doubt(now.monotonic);
  stream_.doubt(now);
}

// Tries the next form of address. When all were tried, the account stays as it is for a while:
// live, and at worst late by the interval of its comparisons.
void AccountSession::stream_brought_nothing(Now now) {
  if (forms_in_vain_ >= forms_.count()) {
    if (now.monotonic < forms_again_at_) return key_.doubt(now.monotonic);
    forms_in_vain_ = 0;
  }
  if (++forms_in_vain_ == forms_.count())
    forms_again_at_ = now.monotonic + limits::stream_forms_retry;
  next_form_ = forms_.after(stream_.form());
  start_over(CloseCause::distrusted,
             "a comparison had to correct positions and no event has come on the user stream; it "
             "is opened again in the form \"" +
                 std::string{to_string(*next_form_)} + "\"",
             now);
}

// --- time -----------------------------------------------------------------------------------

void AccountSession::wake(Now now) {
  stream_.wake(now);
  if (now.monotonic >= retry_at_) connect(now);
  wake_key(now);
  synchronizer_.wake(now.monotonic);
  reconciler_.wake(now);
}

void AccountSession::wake_key(Now now) {
  switch (key_.wake(now.monotonic)) {
    case ListenKeyLife::Due::nothing: return;
    case ListenKeyLife::Due::renew:
      renewal_request_ = requests_.send(Endpoint::keep_listen_key_alive, Urgency::vital);
      return;
    case ListenKeyLife::Due::over:
      start_over(CloseCause::replaced,
                 "the listen key could not be kept alive for an hour and has expired", now);
      return;
  }
}

MonotonicTime AccountSession::deadline() const {
  return std::min({stream_.deadline(), retry_at_, key_.deadline(), synchronizer_.deadline(),
                   reconciler_.deadline()});
}

void AccountSession::note_key_life(Now now) {
  const MonotonicTime over_at = key_.over_at();
  metrics_.listen_key_expires_us.set(
      over_at == never ? 0 : to_us(now.wall + (over_at - now.monotonic)));
}

}  // namespace bridge
