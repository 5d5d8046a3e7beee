#include "bridge/core/sessions/user_stream.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

constexpr std::string_view no_pongs = "it does not answer pings";
constexpr std::string_view no_answers = "it answers neither LIST_SUBSCRIPTIONS nor a ping";

}  // namespace

UserStream::UserStream(UserStreamListener& listener, Effects& effects, ConnectionPacer& pacer,
                       std::uint64_t seed)
    : listener_{listener}, effects_{effects}, pacer_{pacer}, random_{seed} {}

void UserStream::open(const Secret& listen_key, UserStreamForm form, Now now) {
  BRIDGE_ASSERT(is_closed() && !has_successor());
  listen_key_ = listen_key;
  form_ = form;
  open(serving_, now);
}

void UserStream::open(Connection& connection, Now now) {
  connection = Connection{.number = ++last_number_, .life = {}, .probe = {}};
  connection.life.opening(now.monotonic);
  effects_.add(effect::OpenUserStream{connection.number, listen_key_, form_});
}

void UserStream::close(CloseCause cause, Now now) {
  if (has_successor()) abandon_rotation(cause, {}, now);
  if (!is_closed()) close(serving_, cause, now);
  successor_due_ = never;
  may_rotate_ = false;
}

void UserStream::close(Connection& connection, CloseCause cause, Now now) {
  was_stable_ = connection.life.was_stable(now.monotonic);
  metrics_.disconnects[cause].add();
  effects_.add(effect::CloseStream{connection.number});
  if (is_serving(connection)) metrics_.connected.set(false);
  connection = {};
}

void UserStream::doubt(Now now) {
  if (is_open() && !has_successor()) serving_.probe.ask_now(now.monotonic);
}

UserStream::Connection* UserStream::find(StreamNumber stream) {
  if (stream == 0) return nullptr;
  if (stream == serving_.number) return &serving_;
  return stream == successor_.number ? &successor_ : nullptr;
}

// --- what happens to connections ------------------------------------------------------------

void UserStream::opened(StreamNumber stream, Now now) {
  Connection* const connection = find(stream);
  if (connection == nullptr || connection->life.phase() != StreamLife::Phase::opening) return;
  const Duration age =
      limits::rotation_age - limits::rotation_jitter + random_.up_to(limits::rotation_jitter * 2);
  connection->life.opened(now.monotonic, now.monotonic + age);
  metrics_.connects.add();
  if (form_ == UserStreamForm::subscribe)
    effects_.add(effect::SubscribeUserStream{stream, ++last_control_id_, listen_key_});
  connection->probe.start(now.monotonic);
  connection->judge_at = now.monotonic + limits::evidence_patience;
  if (is_serving(*connection)) {
    metrics_.connected.set(true);
    effects_.log(LogLevel::info, "user stream open");
    listener_.on_stream_open(now);
  } else {
    overlap_.begin();
  }
}

void UserStream::closed(StreamNumber stream, const StreamEnd& end, Now now) {
  Connection* const connection = find(stream);
  if (connection != nullptr) failed(*connection, end.cause, end.text, now);
}

void UserStream::failed(Connection& connection, CloseCause cause, const std::string& why, Now now) {
  if (is_serving(connection)) {
    serving_failed(cause, why, now);
  } else {
    abandon_rotation(cause, why, now);
  }
}

void UserStream::serving_failed(CloseCause cause, const std::string& why, Now now) {
  if (!successor_.life.is_open()) return lose(cause, why, now);
  // Connected, at least, without a wait and without a new key; but what was on its way is lost.
  const auto untold = overlap_.hand_over(now.monotonic);
  promote(cause, now);
  listener_.on_stream_gap("user stream: " + why + "; its successor goes on", now);
  tell(untold);
}

void UserStream::lose(CloseCause cause, const std::string& why, Now now) {
  close(cause, now);
  listener_.on_stream_lost(cause, "user stream: " + why, now);
}

void UserStream::alive(StreamNumber stream, Now now) {
  if (Connection* const connection = find(stream)) connection->life.heard(now.monotonic);
}

void UserStream::message(StreamNumber stream, UserMessage message, Now received) {
  Connection* const connection = find(stream);
  if (connection == nullptr || !connection->life.is_open()) return;
  connection->life.heard(received.monotonic);
  std::visit([&](const auto& value) { handle(*connection, value, received); }, message);
}

template <class Event>
void UserStream::handle(Connection& connection, const Event& event, Now received) {
  learn_of_event(connection, received);
  if (is_serving(connection)) {
    if (overlap_.is_idle() || overlap_.take_from_serving(event, received)) tell(event, received);
  } else {
    overlap_.take_from_successor(event, received);
  }
  if (overlap_.is_overrun())
    abandon_rotation(CloseCause::requested, "the two connections do not bring the same events",
                     received);
}

template <class Event>
void UserStream::tell(const Event& event, Now received) {
  constexpr bool is_update = std::is_same_v<Event, AccountUpdate>;
  metrics_.count(is_update ? StreamEvent::account_update : StreamEvent::account_config_update,
                 received.wall);
  listener_.on_event(event, received);
}

void UserStream::tell(const std::vector<StreamOverlap::Received>& untold) {
  for (const auto& received : untold)
    std::visit([&](const auto& event) { tell(event, received.at); }, received.event);
}

void UserStream::handle(Connection&, const ListenKeyExpired& event, Now received) {
  metrics_.count(StreamEvent::listen_key_expired, received.wall);
  listener_.on_event(event, received);
}

void UserStream::handle(Connection& connection, const OtherEvent& event, Now received) {
  if (!event.name.empty()) learn_of_event(connection, received);
  if (is_serving(connection)) metrics_.count(stream_event_named(event.name), received.wall);
}

void UserStream::handle(Connection& connection, const ControlReply& reply, Now received) {
  metrics_.count(StreamEvent::control_reply, received.wall);
  if (!connection.probe.take_answer(reply.id, received.monotonic)) {
    if (reply.error_code)
      effects_.log(LogLevel::error, "user stream: the exchange refuses a request (code " +
                                        std::to_string(*reply.error_code) + ")");
    return;
  }
  if (is_serving(connection) && is_last_word_asked_) return hand_over(received);
  learn(connection,
        reply.streams ? listing_of(listen_key_, *reply.streams) : StreamListing::nothing, received);
}

// --- evidence -------------------------------------------------------------------------------

bool UserStream::needs_watching() const {
  const bool is_listed = serving_.listing != StreamListing::nothing;
  if (serving_.evidence == StreamEvidence::event) return serving_.was_listed && !is_listed;
  if (!is_listed) return true;
  return form_ == UserStreamForm::events && serving_.listing == StreamListing::bare_key;
}

void UserStream::learn(Connection& connection, StreamListing listing, Now now) {
  if (!is_serving(connection) && serving_.was_listed && listing < serving_.listing)
    return failed(connection, CloseCause::deaf,
                  "the exchange does not list the account's events on it", now);
  connection.listing = listing;
  const bool is_listed = listing != StreamListing::nothing;
  connection.was_listed = connection.was_listed || is_listed;
  if (connection.evidence != StreamEvidence::event)
    connection.evidence = is_listed ? StreamEvidence::listed : StreamEvidence::connected;
  judge(connection, now);
}

void UserStream::learn_of_event(Connection& connection, Now received) {
  if (std::exchange(connection.evidence, StreamEvidence::event) != StreamEvidence::event)
    judge(connection, received);
}

// Something is known about the connection now, or there is nothing more to wait for.
void UserStream::judge(Connection& connection, Now now) {
  connection.judge_at = never;
  const bool is_first = !std::exchange(connection.is_judged, true);
  if (is_serving(connection)) return listener_.on_stream_evidence(now);
  if (is_first) overlap_ends_ = now.monotonic + limits::rotation_overlap;
}

// Something else came meanwhile, then the exchange does not answer this, and that is all.
void UserStream::probe_unanswered(Connection& connection, Now now) {
  if (connection.life.was_heard_since(connection.probe.asked_at())) {
    connection.probe.give_up(now.monotonic);
    if (is_serving(connection) && is_last_word_asked_) return hand_over(now);
    return learn(connection, StreamListing::nothing, now);
  }
  if (connection.probe.was_extended())
    return failed(connection, CloseCause::silence, std::string{no_answers}, now);
  connection.probe.extend(now.monotonic);
  effects_.add(effect::Ping{connection.number});
}

// --- rotation -------------------------------------------------------------------------------

void UserStream::begin_rotation(Now now) {
  successor_due_ = never;
  if (!may_rotate_ || !is_judged()) return postpone_rotation(now);
  rotation_gives_up_at_ = now.monotonic + limits::rotation_patience;
  open(successor_, now);
}

void UserStream::postpone_rotation(Now now) {
  serving_.life.rotate_later(now.monotonic + limits::rotation_retry +
                             random_.up_to(limits::rotation_retry));
}

void UserStream::abandon_rotation(CloseCause cause, const std::string& why, Now now) {
  const bool was_stable = was_stable_;
  close(successor_, cause, now);
  was_stable_ = was_stable;  // says nothing about the serving connection
  overlap_.end();
  overlap_ends_ = rotation_gives_up_at_ = never;
  is_last_word_asked_ = false;
  if (why.empty()) return;
  effects_.log(LogLevel::warn,
               "user stream: its successor failed (" + why + "); trying again later");
  postpone_rotation(now);
}

void UserStream::hand_over(Now now) {
  const auto untold = overlap_.hand_over(now.monotonic);
  promote(CloseCause::rotated, now);
  effects_.log(LogLevel::info, "user stream rotated: a younger connection has taken over");
  tell(untold);
}

void UserStream::promote(CloseCause cause, Now now) {
  close(serving_, cause, now);
  serving_ = std::exchange(successor_, {});
  metrics_.connected.set(true);
  overlap_ends_ = rotation_gives_up_at_ = never;
  is_last_word_asked_ = false;
  listener_.on_stream_evidence(now);
}

// --- time -----------------------------------------------------------------------------------

void UserStream::wake(Now now) {
  wake(serving_, now);
  if (has_successor()) wake(successor_, now);
  wake_rotation(now);
}

void UserStream::wake(Connection& connection, Now now) {
  switch (connection.life.wake(now.monotonic)) {
    case StreamLife::Due::nothing: break;
    case StreamLife::Due::ping: effects_.add(effect::Ping{connection.number}); break;
    case StreamLife::Due::rotate: successor_due_ = pacer_.reserve(now.monotonic); break;
    case StreamLife::Due::give_up_opening:
      return failed(connection, CloseCause::opening_timeout, "it did not open in time", now);
    case StreamLife::Due::give_up_silent:
      return failed(connection, CloseCause::silence, std::string{no_pongs}, now);
  }
  switch (connection.probe.wake(now.monotonic, last_control_id_ + 1)) {
    case SubscriptionProbe::Due::nothing: break;
    case SubscriptionProbe::Due::ask:
      effects_.add(effect::ListSubscriptions{connection.number, ++last_control_id_});
      break;
    case SubscriptionProbe::Due::unanswered: return probe_unanswered(connection, now);
  }
  if (now.monotonic >= connection.judge_at) judge(connection, now);
}

void UserStream::wake_rotation(Now now) {
  if (now.monotonic >= successor_due_) begin_rotation(now);
  if (now.monotonic >= rotation_gives_up_at_)
    abandon_rotation(CloseCause::opening_timeout, "it did not take over in time", now);
  if (now.monotonic >= overlap_ends_) {
    overlap_ends_ = never;
    is_last_word_asked_ = true;
    serving_.probe.ask_now(now.monotonic);
  }
}

MonotonicTime UserStream::deadline() const {
  return std::min({serving_.life.deadline(), serving_.probe.deadline(), successor_.life.deadline(),
                   successor_.probe.deadline(), serving_.judge_at, successor_.judge_at,
                   successor_due_, rotation_gives_up_at_, overlap_ends_});
}

}  // namespace bridge
