#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/exchange/user_stream_form.hpp"
#include "bridge/core/limits/backoff.hpp"
#include "bridge/core/limits/connection_pacer.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/sessions/stream_life.hpp"
#include "bridge/core/sessions/stream_metrics.hpp"
#include "bridge/core/sessions/stream_overlap.hpp"
#include "bridge/core/sessions/subscription_probe.hpp"

namespace bridge {

// Whom a UserStream tells what happens. May call it back.
class UserStreamListener {
 public:
  // What happens at the exchange is told from here on.
  virtual void on_stream_open(Now now) = 0;
  // More, or less, is known about whether the account's events come on it: evidence(),
  // needs_watching(), is_judged().
  virtual void on_stream_evidence(Now now) = 0;
  virtual void on_event(const AccountUpdate& update, Now received) = 0;
  virtual void on_event(const LeverageChange& change, Now received) = 0;
  virtual void on_event(const ListenKeyExpired& event, Now received) = 0;
  // It goes on, over another connection, and events may have been lost: synchronize anew.
  virtual void on_stream_gap(const std::string& why, Now now) = 0;
  // It is closed.
  virtual void on_stream_lost(CloseCause cause, const std::string& why, Now now) = 0;

 protected:
  ~UserStreamListener() = default;
};

// One account's user stream, whichever connection carries it. Notices a connection that is dead,
// says what shows that it delivers events, and replaces a connection before the exchange cuts it,
// with events told once and in order and nothing lost.
//
// What LIST_SUBSCRIPTIONS answers is evidence and no more: an exchange that answers otherwise than
// expected, or not at all, may deliver all the same.
//
// A rotation: open a second connection with the same listen key; when it is judged like the one
// before, listen to both for limits::rotation_overlap; then ask the old one for its subscriptions,
// and when it answers, all that it had to say has come: the new one takes over.
class UserStream {
 public:
  // All references outlive it. `seed`: of the jitter.
  UserStream(UserStreamListener& listener, Effects& effects, ConnectionPacer& pacer,
             std::uint64_t seed);

  void open(const Secret& listen_key, UserStreamForm form, Now now);
  // Gives up all connections; nothing is told about them any more.
  void close(CloseCause cause, Now now);
  // Whether a rotation may begin: the account is well.
  void allow_rotation(bool allowed) { may_rotate_ = allowed; }
  // Something is odd: asks the exchange now what it sends.
  void doubt(Now now);

  bool is_open() const { return serving_.life.is_open(); }
  bool is_closed() const { return serving_.life.phase() == StreamLife::Phase::closed; }
  UserStreamForm form() const { return form_; }
  // What shows that it delivers.
  StreamEvidence evidence() const { return serving_.evidence; }
  // Whether there is evidence, or nothing more to wait for.
  bool is_judged() const { return serving_.is_judged; }
  // Whether it may bring nothing, for all that is known: there is no evidence, or the exchange
  // lists less than it should.
  bool needs_watching() const;
  // Whether the connection that was closed last had been open long enough to say that connecting
  // works again.
  bool was_stable() const { return was_stable_; }

  void opened(StreamNumber stream, Now now);
  void closed(StreamNumber stream, const StreamEnd& end, Now now);
  // Control traffic: a pong, a ping of the server.
  void alive(StreamNumber stream, Now now);
  void message(StreamNumber stream, UserMessage message, Now received);
  void wake(Now now);
  MonotonicTime deadline() const;

  const StreamMetrics& metrics() const { return metrics_; }

 private:
  struct Connection {
    StreamNumber number = 0;  // 0: none
    StreamLife life;
    SubscriptionProbe probe;
    StreamEvidence evidence = StreamEvidence::connected;
    StreamListing listing = StreamListing::nothing;  // of the last answer
    bool was_listed = false;
    bool is_judged = false;
    MonotonicTime judge_at = never;  // without any evidence
  };

  Connection* find(StreamNumber stream);
  bool has_successor() const { return successor_.number != 0; }
  bool is_serving(const Connection& connection) const { return &connection == &serving_; }
  void open(Connection& connection, Now now);
  void close(Connection& connection, CloseCause cause, Now now);
  void lose(CloseCause cause, const std::string& why, Now now);
  // The serving connection is of no use any more.
  void serving_failed(CloseCause cause, const std::string& why, Now now);
  void failed(Connection& connection, CloseCause cause, const std::string& why, Now now);

  void wake(Connection& connection, Now now);
  void wake_rotation(Now now);
  void begin_rotation(Now now);
  void abandon_rotation(CloseCause cause, const std::string& why, Now now);
  void hand_over(Now now);
  void promote(CloseCause cause, Now now);
  void postpone_rotation(Now now);

  void probe_unanswered(Connection& connection, Now now);
  void learn(Connection& connection, StreamListing listing, Now now);
  void learn_of_event(Connection& connection, Now received);
  void judge(Connection& connection, Now now);

  void handle(Connection& connection, const ControlReply& reply, Now received);
  void handle(Connection& connection, const ListenKeyExpired& event, Now received);
  void handle(Connection& connection, const OtherEvent& event, Now received);
  template <class Event>
  void handle(Connection& connection, const Event& event, Now received);
  template <class Event>
  void tell(const Event& event, Now received);
  void tell(const std::vector<StreamOverlap::Received>& untold);

  UserStreamListener& listener_;
  Effects& effects_;
  ConnectionPacer& pacer_;
  UserStreamForm form_ = UserStreamForm::events;
  Random random_;
  StreamMetrics metrics_;

  Secret listen_key_;
  StreamNumber last_number_ = 0;
  std::uint64_t last_control_id_ = 0;
  Connection serving_;
  Connection successor_;
  bool may_rotate_ = false;
  bool was_stable_ = false;

  StreamOverlap overlap_;
  MonotonicTime successor_due_ = never;  // when it may be opened
  MonotonicTime overlap_ends_ = never;   // then the serving connection is asked for its last word
  bool is_last_word_asked_ = false;
  MonotonicTime rotation_gives_up_at_ = never;
};

}  // namespace bridge
