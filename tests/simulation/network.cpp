#include "tests/simulation/network.hpp"

#include <algorithm>
#include <utility>

namespace simulation {
namespace {

using namespace std::chrono_literals;

constexpr bridge::Duration stream_delay_max = 40ms;
// A TCP connection, its TLS handshake and the upgrade, before the exchange sees the request.
constexpr bridge::Duration connect_delay_max = 200ms;

bool names(const exchange::Connection& connection, std::string_view listen_key) {
  const auto& users = connection.user_streams();
  return std::any_of(users.begin(), users.end(), [listen_key](const auto& user) {
    return user.listen_key == listen_key && user.wants("ACCOUNT_UPDATE");
  });
}

}  // namespace

Network::Network(exchange::Exchange& exchange, const VirtualClock& clock, EventQueue& queue,
                 Trace& trace, std::uint64_t seed)
    : exchange_(exchange), clock_(clock), queue_(queue), trace_(trace), random_(seed) {}

void Network::attach(NetworkUser& user, NetworkWitness& witness) {
  user_ = &user;
  witness_ = &witness;
}

// --- delays -----------------------------------------------------------------------------------

bridge::Duration Network::delay(bridge::Duration longest) {
  return bridge::Duration{random_.between(1'000, longest.count())};
}

// Nothing of a stream overtakes what was sent before it.
Instant Network::arrival_at_client(const Link& link) {
  const Instant now = clock_.elapsed();
  Instant at = now + delay(stream_delay_max);
  if (now < link.slow_until_) at += link.extra_delay_;
  const Instant last = link.to_client_.empty() ? Instant{} : link.to_client_.back().at;
  return std::max({at, last, link.held_until_});
}

// Faults slow only the other direction: a client's messages that come all at once would break the
// exchange's limit without being the client's fault.
Instant Network::arrival_at_server(const Link& link) {
  const Instant last = link.to_server_.empty() ? Instant{} : link.to_server_.back().at;
  return std::max(clock_.elapsed() + delay(stream_delay_max), last);
}

// --- the bridge's calls -----------------------------------------------------------------------

LinkId Network::open(const LinkOwner& owner, std::string target) {
  const LinkId id = ++last_link_;
  Link& link = links_[id];
  link.owner = owner;
  const std::size_t place = place_of(owner.account);
  if (open_links_.size() <= place) open_links_.resize(place + 1);
  open_links_[place].push_back(&link);
  const Instant now = clock_.elapsed();
  link.asked_at = now;
  if (now < refused_until_) {
    to_client(id, link, {.kind = Link::ToClient::Kind::refused}, now + delay(connect_delay_max));
    return id;
  }
  link.is_dead = now < connections_swallowed_until_;
  if (link.is_dead) return id;
  const Instant at = now + delay(connect_delay_max);
  link.to_server_.push_back(
      {.at = at, .kind = Link::ToServer::Kind::open, .payload = std::move(target)});
  queue_.schedule(at, EventKind::frames_to_server, id);
  return id;
}

void Network::send_text(LinkId id, std::string text) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.client != Link::Client::open) return;
  to_server(id, found->second, Link::ToServer::Kind::text, std::move(text));
}

void Network::ping(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.client != Link::Client::open) return;
  to_server(id, found->second, Link::ToServer::Kind::ping, {});
}

void Network::close(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end() || found->second.client == Link::Client::closed) return;
  Link& link = found->second;
  client_closes(link);
  if (!link.is_dead) to_server(id, link, Link::ToServer::Kind::closed, {});
  forget_if_over(id, link);
}

void Network::request(const RequestPurpose& purpose, exchange::HttpRequest request,
                      bridge::Duration timeout) {
  const RequestId id = ++last_request_;
  requests_.emplace(id, Request{.purpose = purpose, .request = std::move(request)});
  const Instant now = clock_.elapsed();
  if (now < requests_failed_until_) {
    queue_.schedule(now + delay(delay_max), EventKind::answer_to_client, id);
    return;
  }
  queue_.schedule(now + timeout, EventKind::request_times_out, id);
  if (now < requests_swallowed_until_) return;
  queue_.schedule(now + delay(delay_max), EventKind::request_to_server, id);
}

void Network::to_server(LinkId id, Link& link, Link::ToServer::Kind kind, std::string payload) {
  if (link.is_dead) return;
  const Instant at = arrival_at_server(link);
  link.to_server_.push_back({.at = at, .kind = kind, .payload = std::move(payload)});
  queue_.schedule(at, EventKind::frames_to_server, id);
}

void Network::to_client(LinkId id, Link& link, Link::ToClient item, Instant at) {
  const bool joins = !link.to_client_.empty() && link.to_client_.back().at == at;
  item.at = at;
  link.to_client_.push_back(std::move(item));
  if (!joins) queue_.schedule(at, EventKind::frames_to_client, id);
}

// --- delivery ---------------------------------------------------------------------------------

void Network::take_event(const Event& event) {
  switch (event.kind) {
    case EventKind::frames_to_client: return deliver_to_client(event.subject);
    case EventKind::frames_to_server: return deliver_to_server(event.subject);
    case EventKind::request_to_server: return deliver_request(event.subject);
    case EventKind::answer_to_client: return deliver_answer(event.subject);
    case EventKind::request_times_out: {
      const auto node = requests_.extract(event.subject);
      if (node.empty()) return;
      witness_->request_ended(node.mapped().purpose, nullptr, {});
      user_->failed(node.mapped().purpose, bridge::RestFailure::Kind::timeout);
      return;
    }
    default: return;
  }
}

void Network::deliver_to_client(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = found->second;
  const LinkOwner owner = link.owner;
  bool any = false;
  delivering_ = id;  // whoever is told may close the link
  while (!link.to_client_.empty() && link.to_client_.front().at <= clock_.elapsed()) {
    const Link::ToClient item = std::move(link.to_client_.front());
    link.to_client_.pop_front();
    any = true;
    deliver(id, link, item);
  }
  delivering_ = 0;
  forget_if_over(id, link);
  if (any) user_->turn_ended(owner);
}

void Network::deliver(LinkId id, Link& link, const Link::ToClient& item) {
  using Kind = Link::ToClient::Kind;
  using bridge::CloseCause;
  link.heard_at = clock_.elapsed();
  trace_.mix(static_cast<std::uint64_t>(item.kind));
  const auto end = [&](CloseCause cause, std::string text) {
    client_closes(link);
    user_->stream_closed(link.owner, {cause, std::move(text)});
  };
  switch (item.kind) {
    case Kind::opened:
      link.client = Link::Client::open;
      link.opened_at = clock_.elapsed();
      user_->stream_opened(link.owner);
      return;
    case Kind::refused:
      if (item.code == 0) return end(CloseCause::refused, "connection refused");
      return end(CloseCause::handshake, "HTTP " + std::to_string(item.code));
    case Kind::text:
      trace_.mix(*item.payload);
      frame_.assign(*item.payload);
      frame_.resize(item.payload->size() + bridge::text_padding);
      user_->stream_frame(link.owner, {frame_.data(), item.payload->size()});
      return;
    case Kind::ping:
      // Whoever reads frames answers pings, before anybody is told.
      to_server(id, link, Link::ToServer::Kind::pong, *item.payload);
      user_->stream_alive(link.owner);
      return;
    case Kind::pong: user_->stream_alive(link.owner); return;
    case Kind::close:
      return end(CloseCause::server, "closed with code " + std::to_string(item.code));
    case Kind::drop: return end(CloseCause::reset, "connection reset");
  }
}

void Network::deliver_to_server(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = found->second;
  while (!link.to_server_.empty() && link.to_server_.front().at <= clock_.elapsed()) {
    const Link::ToServer item = std::move(link.to_server_.front());
    link.to_server_.pop_front();
    using Kind = Link::ToServer::Kind;
    const exchange::UnixMs now = clock_.exchange_ms();
    if (item.kind == Kind::open) accept(id, link, item.payload);
    if (!link.connection) continue;
    switch (item.kind) {
      case Kind::open: break;
      case Kind::text: exchange_.receive_text(*link.connection, item.payload, now); break;
      case Kind::ping: exchange_.receive_ping(*link.connection, item.payload, now); break;
      case Kind::pong: exchange_.receive_pong(*link.connection, item.payload, now); break;
      case Kind::closed:
        exchange_.closed(*link.connection, now);
        link_of_connection_.erase(*link.connection);
        link.connection.reset();
        break;
    }
  }
  delivering_ = id;
  pump();
  delivering_ = 0;
  forget_if_over(id, link);
}

void Network::accept(LinkId id, Link& link, const std::string& target) {
  using Kind = Link::ToClient::Kind;
  const auto opened = exchange_.open(target, bridge_address, clock_.exchange_ms());
  const Instant at = arrival_at_client(link);
  if (!opened) {
    to_client(id, link, {.kind = Kind::refused, .code = opened.error().status}, at);
    return;
  }
  link.connection = *opened;
  link_of_connection_[*opened] = id;
  to_client(id, link, {.kind = Kind::opened}, at);
}

void Network::advance_exchange() {
  exchange_.advance(clock_.exchange_ms());
  pump();
}

void Network::pump() {
  ++pumps_;
  for (exchange::Effect& effect : exchange_.take_effects()) {
    const auto known = link_of_connection_.find(effect.connection);
    if (known == link_of_connection_.end()) continue;
    const LinkId id = known->second;
    Link& link = links_.at(id);
    const bool ends =
        effect.kind == exchange::EffectKind::close || effect.kind == exchange::EffectKind::drop;
    if (ends) {
      link_of_connection_.erase(known);
      link.connection.reset();
    }
    if (link.is_dead || link.client == Link::Client::closed) {
      if (link.is_dead) swallow(link);
      forget_if_over(id, link);
      continue;
    }
    if (link.pump_ != pumps_) {
      link.pump_ = pumps_;
      link.pumped_at_ = arrival_at_client(link);
    }
    using Kind = Link::ToClient::Kind;
    const auto kind = [&] {
      switch (effect.kind) {
        case exchange::EffectKind::text: return Kind::text;
        case exchange::EffectKind::ping: return Kind::ping;
        case exchange::EffectKind::pong: return Kind::pong;
        case exchange::EffectKind::close: return Kind::close;
        default: return Kind::drop;
      }
    }();
    const bool twice = kind == Kind::text && link.owner.account != nobody &&
                       duplicated_per_thousand_ > 0 &&
                       random_.below(1000) < duplicated_per_thousand_;
    for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
      to_client(id, link, {.kind = kind, .payload = effect.payload, .code = effect.close_code},
                link.pumped_at_);
    }
  }
  witness_->exchange_moved();
}

// --- requests ---------------------------------------------------------------------------------

void Network::deliver_request(RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  Request& request = found->second;
  request.asked_at = clock_.elapsed();
  request.response = exchange_.request(request.request, clock_.exchange_ms());
  pump();
  const Instant now = clock_.elapsed();
  if (now < requests_swallowed_until_) return;
  Instant at = now + delay(delay_max) + std::chrono::milliseconds{request.response->delay_ms};
  if (now < requests_slow_until_) at += delay(request_extra_delay_);
  queue_.schedule(at, EventKind::answer_to_client, id);
}

void Network::deliver_answer(RequestId id) {
  const auto node = requests_.extract(id);
  if (node.empty()) return;
  const Request& request = node.mapped();
  witness_->request_ended(request.purpose, request.response ? &*request.response : nullptr,
                          request.asked_at);
  if (!request.response) {
    user_->failed(request.purpose, bridge::RestFailure::Kind::network);
    return;
  }
  trace_.mix(static_cast<std::uint64_t>(request.response->status));
  trace_.mix(request.response->body);
  user_->answered(request.purpose, *request.response);
}

// --- faults -----------------------------------------------------------------------------------

template <class Action>
void Network::for_links(Target target, Action action) {
  std::vector<LinkId> ids;
  for (const auto& [id, link] : links_) {
    if (link.client != Link::Client::closed && (!target || link.owner.account == *target))
      ids.push_back(id);
  }
  for (const LinkId id : ids) action(id, links_.at(id));
}

void Network::cut(Target target) {
  for_links(target, [this](LinkId id, Link& link) {
    if (link.is_dead) return;
    // What was on its way is lost, but both sides get to know.
    link.to_client_.clear();
    link.to_server_.clear();
    to_client(id, link, {.kind = Link::ToClient::Kind::drop},
              clock_.elapsed() + delay(stream_delay_max));
    if (link.connection) to_server(id, link, Link::ToServer::Kind::closed, {});
  });
}

void Network::kill_silently(Target target) {
  for_links(target, [this](LinkId, Link& link) {
    link.is_dead = true;
    if (!link.to_client_.empty()) swallow(link);
    link.to_client_.clear();
    link.to_server_.clear();
  });
}

void Network::slow_down(Target target, bridge::Duration delay, Instant until) {
  for_links(target, [=](LinkId, Link& link) {
    link.extra_delay_ = delay;
    link.slow_until_ = until;
  });
}

void Network::hold(Target target, Instant until) {
  for_links(target, [until](LinkId, Link& link) { link.held_until_ = until; });
}

void Network::slow_requests(bridge::Duration delay, Instant until) {
  request_extra_delay_ = delay;
  requests_slow_until_ = until;
}

void Network::heal() {
  const Instant now = clock_.elapsed();
  refused_until_ = connections_swallowed_until_ = now;
  requests_swallowed_until_ = requests_failed_until_ = requests_slow_until_ = now;
  for (auto& [id, link] : links_) link.slow_until_ = link.held_until_ = now;
}

void Network::client_closes(Link& link) {
  link.client = Link::Client::closed;
  link.to_client_.clear();
  std::erase(open_links_[place_of(link.owner.account)], &link);
}

void Network::swallow(Link& link) {
  if (link.owner.account != nobody) witness_->swallowed(link.owner.account);
}

void Network::forget_if_over(LinkId id, Link& link) {
  if (link.client != Link::Client::closed || link.connection || id == delivering_) return;
  if (!link.is_dead && !link.to_server_.empty()) return;
  links_.erase(id);
}

// --- for checkers -----------------------------------------------------------------------------

bool Network::can_tell(AccountIndex account) const {
  const Link* const link = link_of(account);
  if (link == nullptr || link->is_dead || !link->connection) return false;
  const auto connection = exchange_.connections().find(*link->connection);
  if (connection == exchange_.connections().end() || connection->second.is_silenced() ||
      connection->second.is_muted())
    return false;
  const auto& member = *exchange_.world().members[account];
  const std::string* const key = member.listen_key.valid(clock_.exchange_ms());
  return key != nullptr && names(connection->second, *key);
}

}  // namespace simulation
