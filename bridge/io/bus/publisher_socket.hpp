#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "bridge/core/values/counter.hpp"
#include "bridge/core/values/result.hpp"
#include "bridge/core/values/secret.hpp"
#include "bridge/io/bus/ipc_lock.hpp"
#include "bridge/io/bus/socket_monitor.hpp"
#include "bridge/io/bus/zap_handler.hpp"

namespace bridge {

// What subscribers are asked for at most: a topic is 200 bytes or less. Also what they may send.
constexpr int subscription_size_max = 1024;
// Messages of subscribers taken in one call of drain_subscriptions(): some milliseconds of work,
// and more in a second than one of them can send, since libzmq keeps all that are not taken.
constexpr int subscriptions_per_drain_max = 20'000;

// Encryption with CURVE. It takes a handler that knows who may connect: without one libzmq would
// let in whoever knows the public key.
struct PublisherEncryption {
  Secret secret_key;
  const ZapHandler& handler;  // outlives the socket
};

struct PublisherOptions {
  std::vector<std::string> endpoints;  // tcp:// and ipc://, as libzmq takes them
  int send_high_water_mark = 20'000;   // messages queued per subscriber before it loses some
  std::optional<PublisherEncryption> encryption;
};

enum class SubscriptionChange : std::uint8_t { subscribe, unsubscribe };

// What a subscriber did. Views: valid during the call.
struct Subscription {
  std::string_view topic;
  SubscriptionChange change;
  // The name of a listed client, else the address of the peer, as far as libzmq knows it; of a
  // subscriber that has gone it does not.
  std::string_view peer;
};

// The XPUB socket that every subscriber connects to. Belongs to one thread, but for the counters.
class PublisherSocket {
 public:
  // Binds every endpoint. The context outlives the socket. On failure: a sentence with the endpoint
  // and what to do about it.
  //
  // With encryption it binds nothing unless libzmq has promised to ask the handler about everybody,
  // and tries every endpoint then with a key that is on nobody's list: there is a socket only if
  // that was refused.
  static Result<std::unique_ptr<PublisherSocket>, std::string> bind(
      zmq::context_t& context, const PublisherOptions& options);
  ~PublisherSocket();

  // Sends topic and payload, never blocks, and returns the number of bytes. A subscriber whose
  // queue is full does not get the message; the others do.
  std::size_t send(std::string_view topic, std::string_view payload);

  // Tells what subscribers asked for since the last call, each change of each subscriber, in order:
  // callback(const Subscription&). At most subscriptions_per_drain_max.
  template <class Callback>
  void drain_subscriptions(Callback&& callback) {
    for (int count = 0; count < subscriptions_per_drain_max && receive_message(); ++count) {
      if (const auto subscription = received_subscription()) callback(*subscription);
    }
  }

  // Closes every connection and listens again. Subscribers connect anew by themselves, those who
  // still may; what they miss meanwhile they find out by the numbers of the messages. On failure:
  // a sentence; then the socket no longer listens everywhere.
  Result<void, std::string> disconnect_subscribers();

  // Where it is bound, with real ports in place of wildcards, in the order of the options.
  const std::vector<std::string>& last_endpoints() const { return last_endpoints_; }

  // How often a message met a subscriber whose queue was full after the queue had drained: libzmq
  // does not say how many messages it then dropped.
  const Counter& slow_subscriber_episodes() const { return slow_subscriber_episodes_; }
  const SocketMonitor& monitor() const { return *monitor_; }

 private:
  PublisherSocket(zmq::context_t& context, const PublisherOptions& options);

  std::optional<std::string> try_strangers(zmq::context_t& context, const Secret& secret_key);
  bool receive_message();
  // Nothing: peers may send anything, and this is no subscription.
  std::optional<Subscription> received_subscription();
  void send_first_frame(std::string_view topic);

  std::vector<IpcLock> locks_;
  zmq::socket_t socket_;
  std::unique_ptr<SocketMonitor> monitor_;  // after the socket: it ends first
  zmq::message_t received_;
  std::vector<std::string> last_endpoints_;
  Counter slow_subscriber_episodes_;
};

}  // namespace bridge
