#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "bridge/core/subscribers/allowed_client.hpp"
#include "bridge/core/values/result.hpp"

namespace bridge {

// Decides which CURVE clients may connect to the sockets of a context (ZeroMQ RFC 27): those on the
// list, and nobody else. libzmq asks it once, in a client's handshake. Has a thread of its own,
// since libzmq's own waits for the answer. A context has one handler at most, and it must be there
// before the first socket that asks it.
class ZapHandler {
 public:
  // What sockets ask it about; requests of any other domain are refused.
  static constexpr const char* domain = "position-bridge";

  struct Decision {
    std::string_view name;        // of an allowed client; empty: refused
    std::string_view address;     // where it comes from: of TCP the IP address
    std::string_view public_key;  // what it showed
  };
  // Called on the handler's thread.
  using Observer = std::function<void(const Decision&)>;

  // The context outlives the handler, the handler the sockets. On failure: a sentence.
  static Result<std::unique_ptr<ZapHandler>, std::string> start(zmq::context_t& context,
                                                                std::vector<AllowedClient> clients);
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

  // Who is to hear of decisions from now on.
  void set_observer(Observer observer);

  // Replaces the list; from any thread. It holds for handshakes from now on, and says nothing about
  // who is connected: when somebody was taken off the list, which is returned as true, have
  // PublisherSocket::disconnect_subscribers() make everybody shake hands anew.
  bool set_allowed_clients(std::vector<AllowedClient> clients);

 private:
  using Key = std::array<std::uint8_t, 32>;
  using Names = std::map<Key, std::string>;

  ZapHandler(zmq::context_t& context, std::vector<AllowedClient> clients);

  static Names by_key(std::vector<AllowedClient> clients);
  void run();
  bool answer_request();
  std::string decide(const std::vector<std::string>& request);

  zmq::socket_t requests_;
  zmq::socket_t stop_sender_;
  zmq::socket_t stop_receiver_;
  std::mutex mutex_;
  Names names_;        // under the mutex
  Observer observer_;  // likewise
  std::thread thread_;
};

}  // namespace bridge
