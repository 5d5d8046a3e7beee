#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/core/backoff.hpp"
#include "bridge/core/counter.hpp"
#include "bridge/core/effects.hpp"
#include "bridge/core/exchange_clock.hpp"
#include "bridge/core/exchange_events.hpp"
#include "bridge/core/exchange_requests.hpp"
#include "bridge/core/position_feed.hpp"
#include "bridge/core/stream_life.hpp"
#include "bridge/core/stream_metrics.hpp"

namespace bridge {

enum class ListenKeyOutcome : std::uint8_t { created, kept_alive, replaced, failed };
constexpr int listen_key_outcome_count = 4;
std::string_view to_string(ListenKeyOutcome outcome);

enum class ReconcileOutcome : std::uint8_t { clean, corrected, failed };
constexpr int reconcile_outcome_count = 3;
std::string_view to_string(ReconcileOutcome outcome);

// Keeps one account's positions true: holds a listen key and keeps it alive, holds the user stream
// open, synchronizes after every gap, compares with the exchange at intervals.
//
// The order after a gap is connect, buffer, snapshot, replay. A snapshot that is read before the
// stream is open misses what happens between the two, and nothing ever tells.
//
// Decides only: every input is told with its time, effects() says what is to be done, deadline()
// when to be woken.
class AccountSession {
 public:
  struct Settings {
    Duration reconcile_interval{};  // zero: never
    enum class ListenKeyOnStop : std::uint8_t {
      keep,
      close
    } listen_key_on_stop = ListenKeyOnStop::keep;
    std::uint64_t seed = 0;  // of the jitter
  };

  AccountSession(PositionFeed& feed, PositionFeed::AccountNumber account,
                 const ExchangeClock& clock, Settings settings);

  // The exchange's clock is known from here on.
  void start(Now now);
  void stop(Now now);

  void stream_opened(StreamNumber stream, Now now);
  void stream_closed(StreamNumber stream, const StreamEnd& reason, Now now);
  // Control traffic: a pong, a ping of the server.
  void stream_alive(StreamNumber stream, Now now);
  void stream_message(StreamNumber stream, UserMessage message, Now received);
  void answer(RequestNumber request, RestReply reply, Now now);
  void wake(Now now);
  MonotonicTime deadline() const;

  Effects& effects() { return effects_; }

  bool is_stopped() const { return phase_ == Phase::stopped; }
  // Null while there is none.
  const Secret* listen_key() const { return listen_key_ ? &*listen_key_ : nullptr; }

  struct Metrics {
    StreamMetrics stream;
    Counters<ListenKeyOutcome, listen_key_outcome_count> listen_key_renewals;
    Counters<ReconcileOutcome, reconcile_outcome_count> reconciles;
  };
  const Metrics& metrics() const { return metrics_; }

 private:
  enum class Phase : std::uint8_t {
    stopped,
    obtaining_key,   // POST is under way
    opening_stream,  // the socket is being opened
    synchronizing,   // the socket is open, events are buffered, snapshots are under way
    synchronized,
    waiting,  // for retry_at_, then obtaining_key
    failed,   // the exchange refuses the credentials
  };

  // What a synchronization has got so far.
  struct Synchronization {
    RequestNumber account_config_request = 0;
    RequestNumber symbol_configs_request = 0;
    RequestNumber positions_request = 0;
    bool has_account_config = false;
    bool has_symbol_configs = false;
    bool has_positions = false;
    MonotonicTime request_at = never;  // when the snapshot is to be asked for
    PositionFeed::Snapshot snapshot;   // the events of which grow from the opening of the stream on
  };

  void enter(Phase phase, std::string detail, Now now);
  void obtain_key(Now now);
  void open_stream(Now now);
  void begin_synchronization(Now now);
  void request_snapshots(Now now);
  void finish_synchronization(Now now);
  // Gives up the connection, if there is one, and starts again from the key after a while.
  void start_over(CloseCause cause, const std::string& why, Now now,
                  Duration wait_at_least = Duration::zero());
  void fail(const std::string& why, Now now);
  void drop_stream(CloseCause cause, Now now);
  void stream_ended(CloseCause cause, Now now);
  void forget_requests();

  void handle(const AccountUpdate& update, Now received);
  void handle(const LeverageChange& change, Now received);
  void handle(const ListenKeyExpired& event, Now received);
  void handle(const OtherEvent& event, Now received);
  void handle(const ControlReply& reply, Now received);
  bool buffers() const { return phase_ == Phase::synchronizing; }
  void check_buffer(Now now);

  void key_answered(const RestReply& reply, Now now);
  void renewal_answered(const RestReply& reply, Now now);
  void synchronization_answered(RequestNumber request, RestReply& reply, Now now);
  void reconcile_answered(const RestReply& reply, Now now);
  // Deals with refusals that end or restart the session; false if the caller is to try again.
  bool is_decisive(const RestFailure& failure, Now now);

  RequestNumber request(Endpoint endpoint);
  void renew_key(Now now);
  void begin_reconcile(Now now);
  WallTime certain_before(Now now) const;

  PositionFeed& feed_;
  const PositionFeed::AccountNumber account_;
  const ExchangeClock& clock_;
  const Settings settings_;
  Effects effects_;
  Metrics metrics_;
  Backoff backoff_;

  Phase phase_ = Phase::stopped;
  MonotonicTime retry_at_ = never;

  std::optional<Secret> listen_key_;
  RequestNumber key_request_ = 0;
  RequestNumber renewal_request_ = 0;
  MonotonicTime renewal_due_ = never;
  Duration renewal_retry_{};

  StreamNumber stream_ = 0;  // the newest; others are given up
  StreamLife life_;
  Synchronization synchronization_;
  PositionMode position_mode_ = PositionMode::one_way;

  RequestNumber reconcile_request_ = 0;
  WallTime reconcile_certain_before_;
  MonotonicTime reconcile_due_ = never;
  bool reconcile_is_recheck_ = false;

  RequestNumber last_request_ = 0;
};

}  // namespace bridge
