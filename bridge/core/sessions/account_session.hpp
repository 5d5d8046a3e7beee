#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/limits/connection_pacer.hpp"
#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/sessions/account_requests.hpp"
#include "bridge/core/sessions/endpoint_directory.hpp"
#include "bridge/core/sessions/listen_key_life.hpp"
#include "bridge/core/sessions/position_mode_watch.hpp"
#include "bridge/core/sessions/reconcile_schedule.hpp"
#include "bridge/core/sessions/reconciler.hpp"
#include "bridge/core/sessions/stream_metrics.hpp"
#include "bridge/core/sessions/synchronizer.hpp"
#include "bridge/core/sessions/user_stream.hpp"
#include "bridge/core/sessions/user_stream_forms.hpp"
#include "bridge/core/values/counter.hpp"

namespace bridge {

enum class ListenKeyOutcome : std::uint8_t { created, kept_alive, replaced, failed };
constexpr int listen_key_outcome_count = 4;
std::string_view to_string(ListenKeyOutcome outcome);

// Keeps one account's positions true: holds a listen key and keeps it alive, holds the user stream
// open, synchronizes after every gap, compares with the exchange at intervals.
//
// The order after a gap is connect, buffer, snapshot, replay. A snapshot that is read before the
// stream is open misses what happens between the two, and nothing ever tells.
//
// Decides only: every input is told with its time, effects() says what is to be done, deadline()
// when to be woken.
class AccountSession final : private UserStreamListener {
 public:
  struct Settings {
    enum class ListenKeyOnStop : std::uint8_t {
      keep,
      close
    } listen_key_on_stop = ListenKeyOnStop::keep;
    std::uint64_t seed = 0;  // of the jitter
  };

  // What the accounts of one host share. Outlives the session.
  struct Shared {
    PositionFeed& feed;
    const ExchangeClock& clock;
    ConnectionPacer& pacer;
    ReconcilePlan& reconcile_plan;
    EndpointDirectory& endpoints;
    UserStreamForms& forms;
  };

  AccountSession(const Shared& shared, PositionFeed::AccountNumber account, Settings settings);
  AccountSession(const AccountSession&) = delete;  // the stream knows it
  AccountSession& operator=(const AccountSession&) = delete;

  // The exchange's clock is known from here on.
  void start(Now now);
  // May be started again.
  void stop(Now now);
  void set_listen_key_on_stop(Settings::ListenKeyOnStop what) {
    settings_.listen_key_on_stop = what;
  }

  void stream_opened(StreamNumber stream, Now now) { stream_.opened(stream, now); }
  void stream_closed(StreamNumber stream, const StreamEnd& end, Now now) {
    stream_.closed(stream, end, now);
  }
  // Control traffic: a pong, a ping of the server.
  void stream_alive(StreamNumber stream, Now now) { stream_.alive(stream, now); }
  void stream_message(StreamNumber stream, UserMessage message, Now received) {
    stream_.message(stream, std::move(message), received);
  }
  void answer(RequestNumber request, RestReply reply, Now now);
  // Whether anything depends on the answer still; if not, it need not be asked.
  bool awaits(RequestNumber request) const;
  void wake(Now now);
  MonotonicTime deadline() const;

  Effects& effects() { return effects_; }

  bool is_stopped() const { return phase_ == Phase::stopped; }
  // Null while there is none.
  const Secret* listen_key() const { return key_.key(); }

  struct Metrics {
    Counters<ListenKeyOutcome, listen_key_outcome_count> listen_key_renewals;
    Gauge<std::int64_t> listen_key_expires_us;  // wall time; 0: no key is known to live
    Counters<ReconcileOutcome, reconcile_outcome_count> reconciles;
    Gauge<std::int64_t> positions_confirmed_us;  // wall time of the last look over REST; 0: none
    Counter position_mode_switches;
  };
  const Metrics& metrics() const { return metrics_; }
  const StreamMetrics& stream_metrics() const { return stream_.metrics(); }

 private:
  enum class Phase : std::uint8_t {
    stopped,
    waiting,         // until retry_at_: after a failure, or for its turn to connect
    obtaining_key,   // POST is under way
    opening_stream,  // the socket is being opened
    synchronizing,   // the socket is open, the synchronizer is at work
    synchronized,
    failed,  // the exchange refuses the credentials
  };

  AccountLook::Context look_context() { return {requests_, endpoints_, position_mode_, effects_}; }

  void enter(Phase phase, std::string detail, Now now);
  void connect(Now now);
  void obtain_key(Now now);
  void begin_synchronization(Now now);
  void finish_synchronization_if_complete(Now now);
  // Gives up the connection, if there is one, and starts again from the key after a while.
  void start_over(CloseCause cause, const std::string& why, Now now);
  void wait(const std::string& why, Now now);
  void fail(const std::string& why, Now now);
  void forget_requests();

  void on_stream_open(Now now) override;
  void on_stream_evidence(Now now) override;
  void on_event(const AccountUpdate& update, Now received) override;
  void on_event(const LeverageChange& change, Now received) override;
  void on_event(const ListenKeyExpired& event, Now received) override;
  void on_stream_gap(const std::string& why, Now now) override;
  void on_stream_lost(CloseCause cause, const std::string& why, Now now) override;
  template <class Event>
  void keep_or_apply(const Event& event, Now received);

  void key_answered(const RestReply& reply, Now now);
  void renewal_answered(const RestReply& reply, Now now);
  void renewal_failed(const RestFailure& failure, Now now);
  void look_answered(RequestNumber request, RestReply reply, Now now);
  void synchronization_failed(const RestFailure& failure, Now now);
  void comparison_ended(const Reconciler::Result& result, Now now);
  // Deals with refusals that end or restart the session; false if the caller is to try again.
  bool is_decisive(const RestFailure& failure, Now now);

  void distrust_stream(Now now);
  // No event has come on the stream although there was something to tell.
  void stream_brought_nothing(Now now);
  void wake_key(Now now);
  void note_key_life(Now now);

  PositionFeed& feed_;
  const PositionFeed::AccountNumber account_;
  ConnectionPacer& pacer_;
  EndpointDirectory& endpoints_;
  UserStreamForms& forms_;
  Settings settings_;
  Effects effects_;
  AccountRequests requests_{effects_};
  Metrics metrics_;
  Backoff backoff_;

  Phase phase_ = Phase::stopped;
  MonotonicTime retry_at_ = never;
  bool has_turn_ = false;  // to connect at retry_at_

  ListenKeyLife key_;
  RequestNumber key_request_ = 0;
  RequestNumber renewal_request_ = 0;
  RequestNumber close_key_request_ = 0;

  UserStream stream_;
  std::optional<UserStreamForm> next_form_;  // while forms of address are tried in turn
  int forms_in_vain_ = 0;
  MonotonicTime forms_again_at_;
  PositionModeWatch position_mode_{effects_, metrics_.position_mode_switches};
  Synchronizer synchronizer_;
  Reconciler reconciler_;
};

}  // namespace bridge
