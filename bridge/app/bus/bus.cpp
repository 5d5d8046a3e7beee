#include "bridge/app/bus/bus.hpp"

#include <array>

#include "bridge/app/log/log.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/bus/bus_topics.hpp"

namespace bridge {
namespace {

// Written out, so that the labels of the buckets are what is written here.
constexpr std::array<std::int64_t, 13> receive_to_publish_bounds_us{
    10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 100'000, 1'000'000};
constexpr std::array<std::int64_t, 13> exchange_to_publish_bounds_us{
    1'000,   2'500,   5'000,     10'000,    25'000,    50'000,    100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

}  // namespace

std::string_view to_string(SubscriptionKind kind) {
  switch (kind) {
    case SubscriptionKind::update: return "update";
    case SubscriptionKind::status: return "status";
    case SubscriptionKind::heartbeat: return "heartbeat";
    case SubscriptionKind::snapshot: return "snapshot";
    case SubscriptionKind::other: return "other";
  }
  BRIDGE_UNREACHABLE("not a SubscriptionKind");
}

SubscriptionKind subscription_kind(std::string_view topic) {
  if (topic.starts_with("position.")) return SubscriptionKind::update;
  if (topic.starts_with("account.")) return SubscriptionKind::status;
  if (topic.starts_with("bridge.")) return SubscriptionKind::heartbeat;
  if (topic.starts_with("snapshot.")) return SubscriptionKind::snapshot;
  return SubscriptionKind::other;
}

Bus::Metrics::Metrics()
    : receive_to_publish{receive_to_publish_bounds_us},
      exchange_to_publish{exchange_to_publish_bounds_us} {}

Bus::Bus(BusIdentity identity, PublisherSocket& socket)
    : identity_{identity}, socket_{socket}, encoder_{std::move(identity)} {}

void Bus::publish(const PositionUpdate& update, const ExchangeClock& clock) {
  const WallTime published = read_wall_clock();
  const std::string_view payload = encoder_.encode(update, published);
  send(encoder_.topic(update), payload);
  observe_delays(update, published, clock);
}

void Bus::publish(const AccountStatus& status) {
  send(account_status_topic(status.account.name),
       encode_account_status(identity_, status, read_wall_clock()));
}

void Bus::publish_heartbeat(std::span<const AccountSequence> accounts) {
  send(heartbeat_topic,
       encode_heartbeat(identity_, POSITION_BRIDGE_VERSION, accounts, read_wall_clock()));
}

void Bus::publish_shutdown() {
  send(shutdown_topic, encode_shutdown(identity_, read_wall_clock()));
}

void Bus::publish(const PositionSnapshot& snapshot, std::string_view topic) {
  for (const std::string& part : encode_snapshot(encoder_, snapshot, read_wall_clock()))
    send(topic, part);
}

void Bus::note(const Subscription& subscription) {
  const bool is_new = subscription.change == SubscriptionChange::subscribe;
  log(LogLevel::debug, {},
      "a subscriber (" + std::string{subscription.peer} + (is_new ? ") wants \"" : ") leaves \"") +
          std::string{subscription.topic} + "\"");
  const auto kind = subscription_kind(subscription.topic);
  auto& gauge = metrics_.subscriptions[static_cast<std::size_t>(kind)];
  gauge.set(gauge.read() + (is_new ? 1 : -1));
}

void Bus::send(std::string_view topic, std::string_view payload) {
  metrics_.bytes_published.add(socket_.send(topic, payload));
}

void Bus::observe_delays(const PositionUpdate& update, WallTime published,
                         const ExchangeClock& clock) {
  // Only what the exchange set off: of a state that changed here there is no such delay.
  std::optional<WallTime> said_at;
  if (update.trigger == Trigger::mark_price) said_at = update.mark_price->event_time;
  if (update.trigger == Trigger::account_update) said_at = update.position.changed_at;
  if (!said_at) return;
  metrics_.receive_to_publish.observe(published - update.received);
  metrics_.exchange_to_publish.observe(published + Duration{clock.offset_to_wall_us()} - *said_at);
}

}  // namespace bridge
