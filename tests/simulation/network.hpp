#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/sessions/environment_session.hpp"
#include "bridge/core/values/padded_text.hpp"
#include "tests/exchange/model/exchange.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/trace.hpp"
#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

/// Accounts count from 0, in the exchange as in the bridge.
using AccountIndex = std::uint32_t;
/// In the place of an account: the mark price stream, and requests of the clock.
inline constexpr AccountIndex nobody = UINT32_MAX;

using LinkId = std::uint64_t;
using RequestId = std::uint64_t;

/// Whose WebSocket it is.
struct LinkOwner {
  AccountIndex account = nobody;
  bridge::StreamNumber stream = 0;
};

/// What a request was made for.
struct RequestPurpose {
  AccountIndex account = nobody;
  bridge::EnvironmentSession::Owner owner = bridge::EnvironmentSession::clock_owner;
  bridge::RequestNumber number = 0;
  bridge::Endpoint endpoint = bridge::Endpoint::server_time;
};

/// The side of the network on which the bridge is. Called from take_event() only.
class NetworkUser {
 public:
  virtual void stream_opened(const LinkOwner& owner) = 0;
  virtual void stream_alive(const LinkOwner& owner) = 0;
  virtual void stream_frame(const LinkOwner& owner, bridge::PaddedText frame) = 0;
  virtual void stream_closed(const LinkOwner& owner, const bridge::StreamEnd& end) = 0;
  /// The last of the frames that were read together has been delivered.
  virtual void turn_ended(const LinkOwner& owner) = 0;
  virtual void answered(const RequestPurpose& purpose, const exchange::HttpResponse& response) = 0;
  virtual void failed(const RequestPurpose& purpose, bridge::RestFailure::Kind kind) = 0;

 protected:
  ~NetworkUser() = default;
};

/// Told of what nobody on the network is told of.
class NetworkWitness {
 public:
  /// What was on its way to the account's stream is lost, and neither side can know.
  virtual void swallowed(AccountIndex account) = 0;
  /// The exchange has been called: it may have changed.
  virtual void exchange_moved() = 0;
  /// An answer is about to be told to the bridge; null: there is none. `asked_at`: when the
  /// exchange was asked.
  virtual void request_ended(const RequestPurpose& purpose, const exchange::HttpResponse* response,
                             Instant asked_at) = 0;

 protected:
  ~NetworkWitness() = default;
};

/// Carries streams and requests between the bridge and the exchange, with delays, and breaks them
/// in all the ways in which networks do. Within a stream the order is kept, as TCP does; requests
/// overtake each other.
class Network {
 public:
  static constexpr std::string_view bridge_address = "127.0.0.1";

  Network(exchange::Exchange& exchange, const VirtualClock& clock, EventQueue& queue, Trace& trace,
          std::uint64_t seed);
  void attach(NetworkUser& user, NetworkWitness& witness);

  // The bridge's calls.

  LinkId open(const LinkOwner& owner, std::string target);
  void send_text(LinkId link, std::string text);
  void ping(LinkId link);
  /// At once, without a close frame; nothing more is heard of it.
  void close(LinkId link);
  void request(const RequestPurpose& purpose, exchange::HttpRequest request,
               bridge::Duration timeout);

  // The world's calls.

  void take_event(const Event& event);
  /// Lets the exchange do what is due.
  void advance_exchange();
  /// Puts what the exchange has to say on its way. After every call of the exchange.
  void pump();
  void set_duplicated_per_thousand(std::uint64_t rate) { duplicated_per_thousand_ = rate; }

  // Faults. `account` narrows them to one stream; nothing: all streams.

  using Target = std::optional<AccountIndex>;
  /// Both sides see a reset.
  void cut(Target target);
  /// Nothing passes any more, and nobody is told.
  void kill_silently(Target target);
  /// What the exchange sends arrives so much later.
  void slow_down(Target target, bridge::Duration delay, Instant until);
  /// Nothing that the exchange sends arrives before `until`; then all of it does.
  void hold(Target target, Instant until);
  /// Connections are refused, or never answered.
  void refuse_connections(Instant until) { refused_until_ = until; }
  void swallow_connections(Instant until) { connections_swallowed_until_ = until; }
  /// Requests are never answered, answered late, or fail at once.
  void swallow_requests(Instant until) { requests_swallowed_until_ = until; }
  void slow_requests(bridge::Duration delay, Instant until);
  void fail_requests(Instant until) { requests_failed_until_ = until; }
  /// Everything but silently killed links works again.
  void heal();

  // For checkers.

  struct Link {
    LinkOwner owner;
    enum class Client : std::uint8_t { opening, open, closed } client = Client::opening;
    std::optional<exchange::ConnectionId> connection;  // from when the exchange has accepted it
    bool is_dead = false;
    Instant asked_at{};   // when the bridge asked for it
    Instant heard_at{};   // when the bridge was last told anything about it
    Instant opened_at{};  // when the bridge was told that it is open

   private:
    friend class Network;
    struct ToClient {
      enum class Kind : std::uint8_t { opened, refused, text, ping, pong, close, drop };
      Instant at{};
      Kind kind = Kind::text;
      exchange::SharedText payload;
      int code = 0;
    };
    struct ToServer {
      enum class Kind : std::uint8_t { open, text, ping, pong, closed };
      Instant at{};
      Kind kind = Kind::text;
      std::string payload;
    };
    std::deque<ToClient> to_client_;
    std::deque<ToServer> to_server_;
    bridge::Duration extra_delay_{};
    Instant slow_until_{};
    Instant held_until_{};
    std::uint64_t pump_ = 0;  // the round in which pumped_at_ was drawn
    Instant pumped_at_{};

   public:
    /// Whether nothing is on its way to the bridge.
    bool is_quiet() const { return to_client_.empty(); }
  };
  const std::map<LinkId, Link>& links() const { return links_; }
  /// The bridge's streams of the account, the oldest first: the one that serves, and its successor.
  const std::vector<const Link*>& open_links(AccountIndex account) const {
    static const std::vector<const Link*> none;
    const std::size_t place = place_of(account);
    return place < open_links_.size() ? open_links_[place] : none;
  }
  /// The one that serves; null when there is none.
  const Link* link_of(AccountIndex account) const {
    const auto& links = open_links(account);
    return links.empty() ? nullptr : links.front();
  }
  /// Whether what happens to the account now will be told to the bridge, as far as can be known.
  bool can_tell(AccountIndex account) const;
  /// The longest that a delay of a healthy stream or request is.
  static constexpr bridge::Duration delay_max = std::chrono::milliseconds{80};

 private:
  static std::size_t place_of(AccountIndex account) {
    return account == nobody ? 0 : account + std::size_t{1};
  }

  struct Request {
    RequestPurpose purpose;
    exchange::HttpRequest request;
    std::optional<exchange::HttpResponse> response;
    Instant asked_at{};
  };

  bridge::Duration delay(bridge::Duration longest);
  Instant arrival_at_client(const Link& link);
  Instant arrival_at_server(const Link& link);
  void to_client(LinkId id, Link& link, Link::ToClient item, Instant at);
  void to_server(LinkId id, Link& link, Link::ToServer::Kind kind, std::string payload);
  void deliver_to_client(LinkId id);
  void deliver(LinkId id, Link& link, const Link::ToClient& item);
  void deliver_to_server(LinkId id);
  void accept(LinkId id, Link& link, const std::string& target);
  void deliver_request(RequestId id);
  void deliver_answer(RequestId id);
  void swallow(Link& link);
  void forget_if_over(LinkId id, Link& link);
  template <class Action>
  void for_links(Target target, Action action);

  exchange::Exchange& exchange_;
  const VirtualClock& clock_;
  EventQueue& queue_;
  Trace& trace_;
  exchange::Random random_;
  NetworkUser* user_ = nullptr;
  NetworkWitness* witness_ = nullptr;

  std::map<LinkId, Link> links_;
  std::unordered_map<exchange::ConnectionId, LinkId> link_of_connection_;
  /// Those that the bridge has not closed or lost, by account, the mark price stream first.
  std::vector<std::vector<const Link*>> open_links_;
  void client_closes(Link& link);
  LinkId last_link_ = 0;
  std::unordered_map<RequestId, Request> requests_;
  RequestId last_request_ = 0;
  std::uint64_t pumps_ = 0;
  std::string frame_;      // of the delivery that is being made, padded
  LinkId delivering_ = 0;  // is not forgotten meanwhile

  std::uint64_t duplicated_per_thousand_ = 0;
  Instant refused_until_{};
  Instant connections_swallowed_until_{};
  Instant requests_swallowed_until_{};
  Instant requests_failed_until_{};
  Instant requests_slow_until_{};
  bridge::Duration request_extra_delay_{};
};

}  // namespace simulation
