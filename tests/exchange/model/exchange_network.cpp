// The exchange's side of the network: requests, handshakes and frames of its clients.

#include <algorithm>

#include "tests/exchange/model/control_frames.hpp"
#include "tests/exchange/model/exchange.hpp"
#include "tests/exchange/model/rest.hpp"

namespace exchange {
namespace {

constexpr int policy_violation = 1008;

std::string_view account_named_by(const StreamTarget& target, const World& world, UnixMs now) {
  if (target.user_streams.empty()) return {};
  for (const auto& member : world.members) {
    const std::string* const key = member->listen_key.valid(now);
    if (key != nullptr && *key == target.user_streams.front().listen_key) return member->name;
  }
  return {};
}

}  // namespace

bool Exchange::accepts_connection(UnixMs now) {
  advance(now);
  return !world_.faults.refuses_connection(now);
}

HttpResponse Exchange::request(const HttpRequest& request, UnixMs now) {
  advance(now);
  HttpResponse response = answer_request(world_, request, now);
  if (const Member* const member = world_.find_by_api_key(request.api_key)) {
    next_key_check_at_ = std::min(next_key_check_at_, member->listen_key.expires_at());
  }
  return response;
}

tl::expected<ConnectionId, HttpResponse> Exchange::open(std::string_view target,
                                                        std::string_view address, UnixMs now) {
  advance(now);
  const std::optional<StreamTarget> parsed = parse_stream_target(target);
  if (!parsed) {
    ++world_.statistics.handshakes_refused;
    return tl::unexpected(HttpResponse{.status = 404});
  }
  const std::string_view account = account_named_by(*parsed, world_, now);
  if (const auto fault = world_.faults.on_handshake(parsed->route, account, now)) {
    ++world_.statistics.handshakes_refused;
    const int status = fault->http_status == 0 ? 503 : fault->http_status;
    return tl::unexpected(HttpResponse{.status = status});
  }
  ++world_.statistics.handshakes;
  const ConnectionId id = ++last_connection_id_;
  const auto added =
      connections_.try_emplace(id, id, *parsed, std::string(address), world_, now).first;
  Connection& connection = added->second;
  if (!parsed->user_streams.empty() && world_.faults.ignores_events(account, now)) {
    connection.ignore_events(0);
  }
  if (connection.takes_mark_prices() && mark_price_connections_++ == 0) {
    ticked_second_ = now / second_ms;
  }
  refresh(connection);
  next_connection_check_at_ = std::min(next_connection_check_at_, connection.deadline());
  if (connection.stream_count() >
      static_cast<std::size_t>(world_.rules.streams_per_connection_max)) {
    world_.statistics.broke(Violation::stream_count);
    end(id, EffectKind::close, policy_violation, "Too many subscriptions");
  }
  return id;
}

bool Exchange::count_message(Connection& connection, UnixMs now) {
  ++world_.statistics.frames_in;
  const int rate = connection.count_message(now);
  int& peak = world_.statistics.peak_messages_per_second;
  peak = std::max(peak, rate);
  if (rate <= world_.rules.messages_per_second_max) return true;
  world_.statistics.broke(Violation::message_rate);
  end(connection.id(), EffectKind::close, policy_violation, "Too many requests");
  return false;
}

/// User streams that were subscribed to after the `first`.
void Exchange::ignore_new_events(Connection& connection, std::size_t first, UnixMs now) {
  if (connection.user_streams().size() <= first) return;
  const Member* const owner = connection.user_streams()[first].owner;
  const std::string_view account = owner == nullptr ? std::string_view() : owner->name;
  if (world_.faults.ignores_events(account, now)) connection.ignore_events(first);
}

void Exchange::receive_text(ConnectionId id, std::string_view text, UnixMs now) {
  advance(now);
  Connection* const connection = find(id);
  if (connection == nullptr || !count_message(*connection, now)) return;
  const bool took_prices = connection->takes_mark_prices();
  const std::size_t user_streams = connection->user_streams().size();
  const ControlOutcome outcome = handle_control_frame(*connection, world_, text, now);
  ignore_new_events(*connection, user_streams, now);
  refresh(*connection);
  if (connection->takes_mark_prices() != took_prices) {
    if (took_prices) {
      --mark_price_connections_;
    } else if (mark_price_connections_++ == 0) {
      ticked_second_ = now / second_ms;
    }
  }
  emit(*connection, EffectKind::text, std::make_shared<const std::string>(outcome.reply), now);
  if (outcome.close_code) end(id, EffectKind::close, *outcome.close_code, outcome.close_reason);
}

void Exchange::receive_ping(ConnectionId id, std::string_view payload, UnixMs now) {
  advance(now);
  Connection* const connection = find(id);
  if (connection == nullptr || !count_message(*connection, now)) return;
  emit(*connection, EffectKind::pong, std::make_shared<const std::string>(payload), now);
}

void Exchange::receive_pong(ConnectionId id, std::string_view payload, UnixMs now) {
  advance(now);
  Connection* const connection = find(id);
  if (connection == nullptr || !count_message(*connection, now)) return;
  connection->receive_pong(payload);
}

void Exchange::closed(ConnectionId id, UnixMs now) {
  advance(now);
  forget(id);
}

}  // namespace exchange
