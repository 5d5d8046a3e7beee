#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/app/bus/position_log.hpp"
#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/histogram.hpp"
#include "bridge/io/bus/publisher_socket.hpp"
#include "bridge/wire/bus/bus_messages.hpp"
#include "bridge/wire/bus/position_update_encoder.hpp"

namespace bridge {

// What subscribers ask for, by the beginning of the topic.
enum class SubscriptionKind : std::uint8_t { update, status, heartbeat, snapshot, other };
constexpr int subscription_kind_count = 5;
std::string_view to_string(SubscriptionKind kind);
SubscriptionKind subscription_kind(std::string_view topic);

// Everything that the bridge says, from a value to the socket. Belongs to the main thread, but for
// the metrics.
class Bus {
 public:
  // The socket outlives the bus.
  Bus(BusIdentity identity, PublisherSocket& socket);

  // `clock`: of the exchange that the update came from, for the delay since then.
  void publish(const PositionUpdate& update, const ExchangeClock& clock);
  void publish(const AccountStatus& status);
  void publish_heartbeat(std::span<const AccountSequence> accounts);
  void publish_shutdown();
  // Under the topic of whoever asked for it; in parts if it is large.
  void publish(const PositionSnapshot& snapshot, std::string_view topic);

  // Reads what subscribers asked for; to be called all the time, since libzmq keeps it until then.
  // Tells each change: callback(const Subscription&).
  template <class Callback>
  void drain_subscriptions(Callback&& callback) {
    socket_.drain_subscriptions([&](const Subscription& subscription) {
      note(subscription);
      callback(subscription);
    });
  }

  struct Metrics {
    Counter bytes_published;
    Histogram receive_to_publish;
    Histogram exchange_to_publish;
    // Installed now.
    std::array<Gauge<std::int64_t>, subscription_kind_count> subscriptions;

    Metrics();
  };
  const Metrics& metrics() const { return metrics_; }
  const PublisherSocket& socket() const { return socket_; }
  const BusIdentity& identity() const { return identity_; }

 private:
  void note(const Subscription& subscription);
  void send(std::string_view topic, std::string_view payload);
  void observe_delays(const PositionUpdate& update, WallTime published, const ExchangeClock& clock);

  BusIdentity identity_;
  PublisherSocket& socket_;
  PositionUpdateEncoder encoder_;
  Metrics metrics_;
};

// The bus as the accounts of one environment see it.
class EnvironmentPublications final : public Publications {
 public:
  EnvironmentPublications(Bus& bus, const ExchangeClock& clock) : bus_{bus}, clock_{clock} {}

  void publish(const PositionUpdate& update) override {
    bus_.publish(update, clock_);
    log_.note(update);
  }
  void publish(const AccountStatus& status) override {
    bus_.publish(status);
    log_.note(status);
  }

 private:
  Bus& bus_;
  const ExchangeClock& clock_;
  PositionLog log_;
};

}  // namespace bridge
