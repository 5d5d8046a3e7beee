#include "tests/exchange/model/connection.hpp"

#include <algorithm>

namespace exchange {
namespace {

constexpr std::string_view three_seconds_suffix = "@markPrice";
constexpr std::string_view one_second_suffix = "@markPrice@1s";

MarketSubscription resolve(std::string_view name, Route route, const SymbolTable& symbols) {
  MarketSubscription stream{.name = std::string(name)};
  // The other routes and the retired addresses acknowledge mark prices and never send them.
  if (route != Route::market) return stream;
  std::string_view rest = name;
  if (rest == "!markPrice@arr" || rest == "!markPrice@arr@1s") {
    stream.kind = StreamKind::all_symbols;
    stream.interval_s = rest.ends_with("@1s") ? 1 : 3;
    return stream;
  }
  if (rest.ends_with(one_second_suffix)) {
    rest.remove_suffix(one_second_suffix.size());
    stream.interval_s = 1;
  } else if (rest.ends_with(three_seconds_suffix)) {
    rest.remove_suffix(three_seconds_suffix.size());
  } else {
    return stream;
  }
  if (const std::optional<SymbolId> symbol = symbols.find_lower(rest)) {
    stream.kind = StreamKind::one_symbol;
    stream.symbol = *symbol;
  }
  return stream;
}

const Member* owner_of(std::string_view listen_key, const World& world, UnixMs now) {
  for (const auto& member : world.members) {
    const std::string* const valid = member->listen_key.valid(now);
    if (valid != nullptr && *valid == listen_key) return member.get();
  }
  return nullptr;
}

}  // namespace

bool UserSubscription::wants(std::string_view event_type) const {
  if (delivery == Delivery::silent) return false;
  return !events || std::find(events->begin(), events->end(), event_type) != events->end();
}

Connection::Connection(ConnectionId id, const StreamTarget& target, std::string address,
                       const World& world, UnixMs now)
    : id_(id),
      route_(target.route),
      framing_(target.framing),
      address_(std::move(address)),
      opened_at_(now),
      closes_at_(now + world.rules.connection_age_max_ms),
      ping_interval_ms_(world.rules.ping_interval_ms),
      pong_timeout_ms_(world.rules.pong_timeout_ms),
      next_ping_at_(now + world.rules.ping_interval_ms) {
  for (const NamedUserStream& named : target.user_streams) {
    const Delivery delivery = route_ != Route::private_user ? Delivery::silent
                              : named.events                ? Delivery::delivers
                                                            : world.rules.without_events;
    add_user({.listen_key = named.listen_key,
              .events = named.events,
              .delivery = delivery,
              .named_in_query = true},
             world, now);
  }
  for (const std::string& name : target.streams) {
    subscribe(name, world, now);
    const bool in_path = framing_ == Framing::raw;
    if (in_path && !users_.empty() && users_.back().listed_name == name) {
      users_.back().delivery = world.rules.key_in_path;
    }
  }
}

void Connection::add_user(UserSubscription subscription, const World& world, UnixMs now) {
  subscription.owner = owner_of(subscription.listen_key, world, now);
  users_.push_back(std::move(subscription));
}

bool Connection::has(std::string_view name) const {
  const auto named = [name](const auto& stream) { return stream.name == name; };
  const auto listed = [name](const UserSubscription& user) { return user.listed_name == name; };
  return std::any_of(market_.begin(), market_.end(), named) ||
         std::any_of(users_.begin(), users_.end(), listed);
}

void Connection::subscribe(std::string_view name, const World& world, UnixMs now) {
  if (has(name)) return;
  if (route_ != Route::private_user) {
    market_.push_back(resolve(name, route_, world.symbols));
    return;
  }
  UserSubscription user{.listen_key = std::string(name.substr(0, name.find('@'))),
                        .listed_name = std::string(name)};
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    user.events = {std::string(name.substr(at + 1))};
  }
  add_user(std::move(user), world, now);
}

// The address's events= are forgotten with the rest, so that LIST_SUBSCRIPTIONS shows the bare key.
void Connection::ignore_events(std::size_t first) {
  for (std::size_t index = first; index < users_.size(); ++index) {
    users_[index].events.reset();
    users_[index].delivery = Delivery::silent;
  }
}

void Connection::unsubscribe(std::string_view name) {
  std::erase_if(market_, [name](const auto& stream) { return stream.name == name; });
  std::erase_if(users_, [name](const UserSubscription& user) { return user.listed_name == name; });
}

std::vector<std::string> Connection::list_subscriptions() const {
  std::vector<std::string> names;
  for (const UserSubscription& user : users_) {
    if (!user.named_in_query) {
      names.push_back(user.listed_name);
    } else if (!user.events || route_ != Route::private_user) {
      names.push_back(user.listen_key);
    } else {
      for (const std::string& event : *user.events) names.push_back(user.listen_key + "@" + event);
    }
  }
  for (const MarketSubscription& stream : market_) names.push_back(stream.name);
  return names;
}

bool Connection::takes_mark_prices() const {
  return std::any_of(market_.begin(), market_.end(), [](const MarketSubscription& stream) {
    return stream.kind != StreamKind::dead;
  });
}

bool Connection::belongs_to(std::string_view account) const {
  return std::any_of(users_.begin(), users_.end(), [account](const UserSubscription& user) {
    return user.owner != nullptr && user.owner->name == account;
  });
}

int Connection::count_message(UnixMs now) {
  std::erase_if(recent_messages_, [now](UnixMs at) { return at + second_ms <= now; });
  recent_messages_.push_back(now);
  return static_cast<int>(recent_messages_.size());
}

std::string Connection::start_ping(UnixMs now) {
  next_ping_at_ = now + ping_interval_ms_;
  // The wait is counted from the first ping that was not answered.
  if (pong_due_at_ == never_ms) pong_due_at_ = now + pong_timeout_ms_;
  ping_payload_ = std::to_string(now);
  return ping_payload_;
}

void Connection::receive_pong(std::string_view payload) {
  // Pongs that answer nothing are allowed and prove nothing.
  if (payload == ping_payload_) pong_due_at_ = never_ms;
}

UnixMs Connection::deadline() const {
  return std::min({closes_at_, next_ping_at_, pong_due_at_});
}

}  // namespace exchange
