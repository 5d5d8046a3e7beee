#include "bridge/io/publisher_socket.hpp"

#include <sys/stat.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "bridge/core/assert.hpp"
#include "bridge/io/uninterrupted.hpp"

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

// Why the endpoint is not bound, as errno says it; 0: it is.
int bind_endpoint(zmq::socket_t& socket, const std::string& endpoint) {
  const GroupFileMode mode;
  return zmq_bind(socket.handle(), endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

int send_frame(zmq::socket_t& socket, std::string_view frame, int flags) {
  return uninterrupted(
      [&] { return zmq_send(socket.handle(), frame.data(), frame.size(), flags); });
}

}  // namespace

PublisherSocket::PublisherSocket(zmq::context_t& context, const PublisherOptions& options)
    : socket_{context, zmq::socket_type::xpub} {
  set_options(socket_, options);
  monitor_ = std::make_unique<SocketMonitor>(context, socket_);
}

PublisherSocket::~PublisherSocket() = default;

Result<std::unique_ptr<PublisherSocket>, std::string> PublisherSocket::bind(
    zmq::context_t& context, const PublisherOptions& options) {
  // Not make_unique: the constructor is private.
  std::unique_ptr<PublisherSocket> publisher{new PublisherSocket{context, options}};
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
  return publisher;
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

std::optional<SubscriptionChange> PublisherSocket::receive_subscription() {
  // Peers may send anything; what is no subscription is passed over, a bounded number of times.
  for (int count = 0; count < subscriptions_per_drain_max; ++count) {
    const int received = uninterrupted(
        [&] { return zmq_msg_recv(subscription_.handle(), socket_.handle(), ZMQ_DONTWAIT); });
    if (received < 0) return std::nullopt;
    if (subscription_.size() == 0) continue;
    const char first = *subscription_.data<char>();
    if (first == subscribe_byte) return SubscriptionChange::subscribe;
    if (first == unsubscribe_byte) return SubscriptionChange::unsubscribe;
  }
  return std::nullopt;
}

std::string_view PublisherSocket::subscription_topic() const {
  return {subscription_.data<char>() + 1, subscription_.size() - 1};
}

}  // namespace bridge
