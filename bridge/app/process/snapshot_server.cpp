#include "bridge/app/process/snapshot_server.hpp"

#include <string>
#include <utility>

#include "bridge/app/log/log.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/bus/bus_topics.hpp"

namespace bridge {
namespace {

constexpr Duration repeated_line_interval = std::chrono::seconds{30};

}  // namespace

std::string_view to_string(SnapshotServer::Refusal refusal) {
  switch (refusal) {
    case SnapshotServer::Refusal::malformed: return "malformed";
    case SnapshotServer::Refusal::too_many: return "too_many";
  }
  BRIDGE_UNREACHABLE("not a SnapshotServer::Refusal");
}

SnapshotServer::SnapshotServer(Bus& bus, const Drivers& drivers)
    : bus_{bus}, drivers_{drivers}, repeats_{repeated_line_interval} {}

void SnapshotServer::serve() {
  bus_.drain_subscriptions([this](const Subscription& subscription) { hear(subscription); });
  const MonotonicTime now = read_monotonic_clock();
  while (const auto request = queue_.next(now)) answer(*request);
}

void SnapshotServer::hear(const Subscription& subscription) {
  const std::string_view topic = subscription.topic;
  // "snapshot." alone is the filter of one who looks on, not a question.
  if (!topic.starts_with(snapshot_topic_prefix) || topic == snapshot_topic_prefix) return;
  if (subscription.change == SubscriptionChange::unsubscribe) return queue_.withdraw(topic);
  const auto scope = snapshot_scope(topic);
  if (!scope) {
    refuse(Refusal::malformed, subscription.peer,
           "asked for a snapshot by a topic that is not snapshot.<16 to 32 hexadecimal "
           "digits>.<account or all>; it gets no answer");
  } else if (!queue_.ask({.topic = std::string{topic}, .scope = std::string{*scope}})) {
    refuse(Refusal::too_many, subscription.peer,
           "asked for a snapshot while " + std::to_string(queue_.size()) +
               " requests are waiting; it gets no answer and has to ask again");
  }
}

void SnapshotServer::refuse(Refusal refusal, std::string_view peer, std::string_view what) {
  refused_[refusal].add();
  const std::string message = "a subscriber (" + std::string{peer} + ") " + std::string{what};
  log(repeats_, read_monotonic_clock(), LogLevel::warn, {}, message, to_string(refusal));
}

void SnapshotServer::answer(const SnapshotRequest& request) {
  bool is_known = false;
  for (const auto& driver : drivers_) {
    const PositionFeed& feed = driver->feed();
    for (std::uint32_t account = 0; account < feed.account_count(); ++account) {
      if (feed.is_retired(account)) continue;
      if (request.scope != every_account && request.scope != feed.identity(account).name) continue;
      answer_for_account(request, feed, account);
      is_known = true;
    }
  }
  if (!is_known) {
    const AccountIdentity stranger{.name = request.scope};
    bus_.publish(PositionSnapshot{.account = stranger,
                                  .scope = request.scope,
                                  .state = AccountState::stopped,
                                  .positions = std::nullopt},
                 request.topic);
  }
  served_.add();
}

void SnapshotServer::answer_for_account(const SnapshotRequest& request, const PositionFeed& feed,
                                        PositionFeed::AccountNumber account) {
  const auto view = feed.view(account);
  const auto positions = feed.present_positions(account);
  bus_.publish(PositionSnapshot{.account = view.identity,
                                .scope = request.scope,
                                .state = view.state,
                                .account_seq = view.account_seq,
                                .positions = positions},
               request.topic);
}

}  // namespace bridge
