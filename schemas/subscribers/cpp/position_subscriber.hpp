#pragma once

#include <position_book.hpp>
#include <zmq.hpp>

namespace position_subscriber {

// Keys in Z85.
struct Curve {
  Text server_key, public_key, secret_key;
};

struct Options {
  std::set<Text> accounts;  // empty: all
  std::chrono::milliseconds heartbeat_interval{1000};
  std::optional<Curve> curve;
  int high_water_mark = 100'000;
};

// A subscriber of one bridge, over any of its endpoints. Use it in one thread only.
//
//   Subscriber subscriber{"tcp://127.0.0.1:5556"};
//   for (;;)
//     for (const Change& change : subscriber.poll(100ms)) look_at(change, subscriber.positions());
class Subscriber {
 public:
  explicit Subscriber(const Text& endpoint, const Options& options = {})
      : book_{options.accounts, options.heartbeat_interval, Clock::now()} {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvhwm, options.high_water_mark);
    socket_.set(zmq::sockopt::reconnect_ivl, 100);
    socket_.set(zmq::sockopt::reconnect_ivl_max, 5000);
    // Detects a bridge whose machine is down.
    socket_.set(zmq::sockopt::heartbeat_ivl, 1000);
    socket_.set(zmq::sockopt::heartbeat_timeout, 3000);
    if (options.curve) {
      socket_.set(zmq::sockopt::curve_serverkey, options.curve->server_key);
      socket_.set(zmq::sockopt::curve_publickey, options.curve->public_key);
      socket_.set(zmq::sockopt::curve_secretkey, options.curve->secret_key);
    }
    subscribe();
    socket_.connect(endpoint);
  }

  const std::map<Key, Position>& positions() const { return book_.positions(); }
  const std::map<Text, Account>& accounts() const { return book_.accounts(); }
  const Counters& counters() const { return book_.counters(); }

  // What changed, waiting up to `timeout` for it; `positions` is the new state.
  std::set<Change> poll(std::chrono::milliseconds timeout) {
    std::set<Change> changes;
    const auto ends = Clock::now() + timeout;
    while (changes.empty() && Clock::now() < ends) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(ends - Clock::now());
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      // Snapshot requests may become due while it waits.
      if (zmq::poll(&item, 1, std::min(left, std::chrono::milliseconds{50})) > 0) receive(changes);
      changes.merge(book_.tick(Clock::now()));
      subscribe();
    }
    return changes;
  }

 private:
  void receive(std::set<Change>& changes) {
    constexpr int at_most = 1000;
    zmq::message_t topic;
    for (int count = 0; count < at_most && socket_.recv(topic, zmq::recv_flags::dontwait);
         ++count) {
      zmq::message_t payload;
      if (topic.more()) (void)socket_.recv(payload);
      for (zmq::message_t rest; socket_.get(zmq::sockopt::rcvmore) != 0;) (void)socket_.recv(rest);
      changes.merge(book_.receive(topic.to_string_view(), payload.to_string_view(), Clock::now()));
    }
  }

  void subscribe() {
    for (const auto& [is_wanted, topic] : book_.take_subscriptions()) {
      if (is_wanted)
        socket_.set(zmq::sockopt::subscribe, topic);
      else
        socket_.set(zmq::sockopt::unsubscribe, topic);
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::sub};
  Book book_;
};

}  // namespace position_subscriber
