#include "bridge/io/bus/publisher_socket.hpp"

#include <sys/stat.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "bridge/core/subscribers/curve_key.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/bus/curve_keys.hpp"
#include "bridge/io/bus/curve_probe.hpp"
#include "bridge/io/system/uninterrupted.hpp"

namespace bridge {

namespace {

constexpr std::string_view ipc_scheme = "ipc://";

// How long a clean stop waits for subscribers to take what is still queued.
constexpr int linger_ms = 1000;
constexpr int handshake_interval_ms = 5000;
constexpr int heartbeat_interval_ms = 1000;
constexpr int heartbeat_timeout_ms = 3000;
constexpr int heartbeat_time_to_live_ms = 6000;
constexpr int keepalive_idle_s = 30;
constexpr int keepalive_interval_s = 10;
constexpr int keepalive_count = 3;
// Everybody reconnects at once after a restart.
constexpr int backlog = 512;

// ZMQ_ZAP_ENFORCE_DOMAIN: a stable option of libzmq 4.3, but zmq.h shows it only to those who
// build with its drafts. Without it a handler that is missing lets everybody in.
constexpr int zap_enforce_domain_option = 93;
// The kernel frees a port a moment after libzmq has let go of it.
constexpr std::chrono::milliseconds rebind_patience{1000};
constexpr std::chrono::milliseconds rebind_retry{1};
constexpr std::chrono::milliseconds probe_patience{5000};
constexpr std::chrono::milliseconds probe_check_interval{1};

// First bytes of what an XPUB socket receives.
constexpr char unsubscribe_byte = 0;
constexpr char subscribe_byte = 1;

// Files made meanwhile can be read and written by owner and group: connecting to a socket file
// needs the right to write it.
class GroupFileMode {
 public:
  GroupFileMode() : before_{::umask(0117)} {}
  ~GroupFileMode() { ::umask(before_); }
  GroupFileMode(const GroupFileMode&) = delete;
  GroupFileMode& operator=(const GroupFileMode&) = delete;

 private:
  ::mode_t before_;
};

// The path of an ipc endpoint that is a file: not of a wildcard, not of an abstract name.
std::optional<std::string> ipc_path(std::string_view endpoint) {
  if (!endpoint.starts_with(ipc_scheme)) return std::nullopt;
  const std::string_view path = endpoint.substr(ipc_scheme.size());
  if (path.empty() || path.front() == '@' || path.front() == '*') return std::nullopt;
  return std::string{path};
}

std::string_view bind_remedy(int error) {
  switch (error) {
    case EADDRINUSE: return "; another program has it: stop that one or choose another port";
    case EADDRNOTAVAIL:
    case ENODEV: return "; no interface of this machine has that address";
    case EACCES: return "; a port below 1024 or a folder needs rights that the bridge lacks";
    case ENOENT: return "; the folder does not exist";
    case EINVAL:
    case EPROTONOSUPPORT: return "; an endpoint is tcp://address:port or ipc://path";
    case ENAMETOOLONG: return "; the path of a socket has at most 107 characters";
    default: return "";
  }
}

void set_options(zmq::socket_t& socket, const PublisherOptions& options) {
  const auto is_ipv6 = [](const std::string& endpoint) {
    return endpoint.find('[') != std::string::npos;
  };
  socket.set(zmq::sockopt::sndhwm, options.send_high_water_mark);
  socket.set(zmq::sockopt::linger, linger_ms);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{subscription_size_max});
  socket.set(zmq::sockopt::handshake_ivl, handshake_interval_ms);
  socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_interval_ms);
  socket.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  socket.set(zmq::sockopt::heartbeat_ttl, heartbeat_time_to_live_ms);
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, keepalive_idle_s);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, keepalive_interval_s);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, keepalive_count);
  socket.set(zmq::sockopt::backlog, backlog);
  socket.set(zmq::sockopt::ipv6,
             std::any_of(options.endpoints.begin(), options.endpoints.end(), is_ipv6));
  socket.set(zmq::sockopt::xpub_verboser, true);
  // A full queue is reported instead of silently skipped; see send_first_frame().
  socket.set(zmq::sockopt::xpub_nodrop, true);
}

// Nothing: it is encrypted, and the handler will be asked about everybody. Else: a sentence.
std::optional<std::string> encryption_problem(zmq::socket_t& socket,
                                              const PublisherEncryption& encryption) {
  const auto is_set = [&](int option, const void* value, std::size_t size) {
    return zmq_setsockopt(socket.handle(), option, value, size) == 0;
  };
  constexpr int on = 1;
  const std::string_view domain = ZapHandler::domain;
  if (!is_set(ZMQ_CURVE_SERVER, &on, sizeof on)) return "this libzmq was built without CURVE";
  const std::string_view key = encryption.secret_key.reveal();
  std::array<char, curve_key_size + 1> key_text{};  // libzmq wants a zero byte at its end
  BRIDGE_ASSERT(key.size() == curve_key_size);
  key.copy(key_text.data(), key.size());
  const bool is_keyed = is_set(ZMQ_CURVE_SECRETKEY, key_text.data(), key_text.size());
  explicit_bzero(key_text.data(), key_text.size());
  if (!is_keyed) return "the secret key of the bus is no key of CURVE";
  if (!is_set(ZMQ_ZAP_DOMAIN, domain.data(), domain.size()) ||
      !is_set(zap_enforce_domain_option, &on, sizeof on)) {
    return "this libzmq does not promise to ask who may connect (ZMQ_ZAP_ENFORCE_DOMAIN), so the "
           "bus is not opened; libzmq 4.3 does";
  }
  return std::nullopt;
}

// Tries the door that has just been closed. Nothing: it is. Else: a sentence.
std::optional<std::string> open_door(zmq::context_t& context, const std::string& endpoint,
                                     const Secret& secret_key) {
  const auto server_key = curve_public_key(secret_key);
  const auto stranger = make_curve_key_pair();
  if (!server_key) return server_key.error();
  if (!stranger) return stranger.error();
  switch (probe_endpoint(context, endpoint, *server_key, *stranger, probe_patience)) {
    case ProbeOutcome::refused: return std::nullopt;
    case ProbeOutcome::let_in:
      return endpoint +
             " let in a key that is not on the list, which was tried before anything is "
             "published; the bus is closed again, and this libzmq must not be used";
    case ProbeOutcome::no_answer:
      return endpoint +
             " did not answer a key that is not on the list, so it is not sure that it keeps "
             "strangers out; the bus is closed again";
  }
  BRIDGE_UNREACHABLE("not a ProbeOutcome");
}

// Why the endpoint is not bound, as errno says it; 0: it is.
int bind_endpoint(zmq::socket_t& socket, const std::string& endpoint) {
  const GroupFileMode mode;
  return zmq_bind(socket.handle(), endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

std::string_view peer_of(zmq::message_t& message) {
  for (const char* property : {"User-Id", "Peer-Address"}) {
    const char* const value = zmq_msg_gets(message.handle(), property);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

int send_frame(zmq::socket_t& socket, std::string_view frame, int flags) {
  return uninterrupted(
      [&] { return zmq_send(socket.handle(), frame.data(), frame.size(), flags); });
}

}  // namespace

PublisherSocket::PublisherSocket(zmq::context_t& context, const PublisherOptions& options)
    : socket_{context, zmq::socket_type::xpub} {
  set_options(socket_, options);
  // Only then is it sure that whoever speaks no ZMTP 3 is turned away.
  const auto silent =
      options.encryption ? SocketMonitor::Silent::turned_away : SocketMonitor::Silent::maybe_served;
  monitor_ = std::make_unique<SocketMonitor>(
      context, socket_, std::chrono::milliseconds{handshake_interval_ms}, silent);
}

PublisherSocket::~PublisherSocket() = default;

Result<std::unique_ptr<PublisherSocket>, std::string> PublisherSocket::bind(
    zmq::context_t& context, const PublisherOptions& options) {
  // Not make_unique: the constructor is private.
  std::unique_ptr<PublisherSocket> publisher{new PublisherSocket{context, options}};
  if (options.encryption) {
    if (auto problem = encryption_problem(publisher->socket_, *options.encryption))
      return Failure<std::string>{std::move(*problem)};
  }
  for (const std::string& endpoint : options.endpoints) {
    if (const auto path = ipc_path(endpoint)) {
      auto lock = IpcLock::take(*path);
      if (!lock) return Failure<std::string>{lock.error()};
      publisher->locks_.push_back(std::move(*lock));
    }
    const int error = bind_endpoint(publisher->socket_, endpoint);
    if (error != 0) {
      return Failure<std::string>{endpoint + " cannot be bound: " + zmq_strerror(error) +
                                  std::string{bind_remedy(error)}};
    }
    publisher->last_endpoints_.push_back(publisher->socket_.get(zmq::sockopt::last_endpoint));
  }
  if (options.encryption) {
    if (auto problem = publisher->try_strangers(context, options.encryption->secret_key))
      return Failure<std::string>{std::move(*problem)};
  }
  return publisher;
}

std::optional<std::string> PublisherSocket::try_strangers(zmq::context_t& context,
                                                          const Secret& secret_key) {
  std::uint64_t strangers = 0;
  for (const std::string& endpoint : last_endpoints_) {
    if (auto problem = open_door(context, endpoint, secret_key)) return problem;
    ++strangers;
  }
  // Our own do not count, as soon as they have been counted.
  const auto give_up_at = std::chrono::steady_clock::now() + probe_patience;
  while (monitor_->handshake_failures(HandshakeFailure::auth) < strangers &&
         std::chrono::steady_clock::now() < give_up_at)
    std::this_thread::sleep_for(probe_check_interval);
  monitor_->forget_handshake_failures();
  return std::nullopt;
}

std::size_t PublisherSocket::send(std::string_view topic, std::string_view payload) {
  send_first_frame(topic);
  // What took the first frame takes the second: a message is queued whole or not at all.
  const int sent = send_frame(socket_, payload, ZMQ_DONTWAIT);
  BRIDGE_ASSERT(sent >= 0);
  return topic.size() + payload.size();
}

// libzmq tells nothing of what it drops. With XPUB_NODROP it refuses a message for which some
// subscriber's queue is full, and delivers it to nobody; so that is counted, and the message is
// sent again as one that may be dropped. The full queue is then passed over in silence until it
// drains.
void PublisherSocket::send_first_frame(std::string_view topic) {
  constexpr int flags = ZMQ_DONTWAIT | ZMQ_SNDMORE;
  if (send_frame(socket_, topic, flags) >= 0) return;
  BRIDGE_ASSERT(zmq_errno() == EAGAIN);
  slow_subscriber_episodes_.add();
  socket_.set(zmq::sockopt::xpub_nodrop, false);
  const int sent = send_frame(socket_, topic, flags);
  BRIDGE_ASSERT(sent >= 0);
  socket_.set(zmq::sockopt::xpub_nodrop, true);
}

Result<void, std::string> PublisherSocket::disconnect_subscribers() {
  // libzmq ends the connections that an endpoint has accepted together with the endpoint.
  for (const std::string& endpoint : last_endpoints_) {
    zmq_unbind(socket_.handle(), endpoint.c_str());
    const auto give_up_at = std::chrono::steady_clock::now() + rebind_patience;
    int error = bind_endpoint(socket_, endpoint);
    while (error == EADDRINUSE && std::chrono::steady_clock::now() < give_up_at) {
      std::this_thread::sleep_for(rebind_retry);
      error = bind_endpoint(socket_, endpoint);
    }
    if (error != 0) {
      return Failure<std::string>{endpoint + " cannot be bound again: " + zmq_strerror(error)};
    }
  }
  return {};
}

bool PublisherSocket::receive_message() {
  return uninterrupted(
             [&] { return zmq_msg_recv(received_.handle(), socket_.handle(), ZMQ_DONTWAIT); }) >= 0;
}

std::optional<Subscription> PublisherSocket::received_subscription() {
  const std::string_view text{received_.data<char>(), received_.size()};
  if (text.empty() || (text[0] != subscribe_byte && text[0] != unsubscribe_byte))
    return std::nullopt;
  return Subscription{.topic = text.substr(1),
                      .change = text[0] == subscribe_byte ? SubscriptionChange::subscribe
                                                          : SubscriptionChange::unsubscribe,
                      .peer = peer_of(received_)};
}

}  // namespace bridge
