#include "bridge/app/observe/metrics_collector.hpp"

#include <functional>

#include <zmq.hpp>

#include "bridge/app/log/log.hpp"
#include "bridge/app/observe/metric_families.hpp"
#include "bridge/app/observe/metrics_text.hpp"
#include "bridge/app/observe/process_metrics.hpp"
#include "bridge/app/process/bridge_process.hpp"
#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

template <class Enum, class Visit>
void for_each_value(int count, Visit&& visit) {
  for (int value = 0; value < count; ++value) visit(static_cast<Enum>(value));
}

double seconds(std::int64_t us) {
  return static_cast<double>(us) / 1e6;
}

// What is counted for one account, with its name.
struct AccountMetrics {
  const AccountIdentity& identity;
  const PositionFeed::AccountGauges& gauges;
  const AccountSession::Metrics& session;
  const StreamMetrics& stream;
};

std::vector<AccountMetrics> metrics_of_accounts(const BridgeProcess& process) {
  std::vector<AccountMetrics> accounts;
  for (const auto& driver : process.drivers()) {
    for (std::uint32_t account = 0; account < driver->account_count(); ++account) {
      if (driver->feed().is_retired(account)) continue;
      accounts.push_back({.identity = driver->feed().identity(account),
                          .gauges = driver->feed().gauges(account),
                          .session = driver->session(account).metrics(),
                          .stream = driver->session(account).stream_metrics()});
    }
  }
  return accounts;
}

// A stream with its labels. The mark price streams of all environments count as one, of no account.
struct Stream {
  std::string_view account;
  std::string_view name;
  std::vector<const StreamMetrics*> parts;
};

std::vector<Stream> streams_of(const BridgeProcess& process,
                               const std::vector<AccountMetrics>& accounts) {
  std::vector<Stream> streams;
  for (const AccountMetrics& account : accounts)
    streams.push_back({account.identity.name, "user", {&account.stream}});
  Stream mark{"", "mark", {}};
  for (const auto& driver : process.drivers()) mark.parts.push_back(&driver->mark_metrics().stream);
  streams.push_back(std::move(mark));
  return streams;
}

template <class Read>
std::uint64_t sum(const Stream& stream, Read&& read) {
  std::uint64_t total = 0;
  for (const StreamMetrics* part : stream.parts) total += read(*part);
  return total;
}

void collect_build(Families& families) {
  const auto [major, minor, patch] = zmq::version();
  const std::string zmq_version =
      std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  auto build = gauge_family("position_bridge_build_info", "What runs; always 1.");
  build.add(
      {{"version", POSITION_BRIDGE_VERSION}, {"compiler", __VERSION__}, {"libzmq", zmq_version}},
      1);
  families.push_back(build.take());
}

void collect_accounts(const std::vector<AccountMetrics>& accounts, Families& families) {
  auto state = gauge_family("position_bridge_account_state",
                            "1 for the state that the account is in, 0 for the others.");
  auto open = gauge_family("position_bridge_positions_open", "Open positions.");
  auto stale = gauge_family("position_bridge_positions_stale",
                            "Open positions of which size or mark price cannot be trusted now.");
  auto confirmed = gauge_family("position_bridge_positions_confirmed_timestamp_seconds",
                                "When the positions were last read from the exchange over REST, "
                                "since 1970; 0 before the first time.");
  auto evidence = gauge_family("position_bridge_stream_evidence",
                               "1 for what shows that the user stream delivers, 0 for the rest.");
  auto key_expiry = gauge_family("position_bridge_listen_key_expiry_timestamp_seconds",
                                 "When the listen key dies unless it is kept alive, since 1970; 0 "
                                 "while there is none.");
  auto published = counter_family("position_bridge_updates_published_total",
                                  "position.update messages, by what set them off.");
  auto ignored =
      counter_family("position_bridge_updates_ignored_total",
                     "Position rows of a user stream that were older than what was known.");
  auto renewals = counter_family("position_bridge_listen_key_renewals_total",
                                 "Listen keys asked for and kept alive, by outcome.");
  auto reconciles = counter_family("position_bridge_reconciles_total",
                                   "Comparisons with the exchange over REST, by outcome.");
  auto mode_switches = counter_family("position_bridge_position_mode_switches_total",
                                      "Switches between one-way and hedge mode that were noticed.");
  for (const auto& [identity, gauges, session, stream] : accounts) {
    mode_switches.add({{"account", identity.name}}, number(session.position_mode_switches.read()));
    const std::string_view name = identity.name;
    const AccountState now = gauges.state.read();
    for_each_value<AccountState>(account_state_count, [&](AccountState value) {
      state.add(
          {{"account", name}, {"venue", to_string(identity.venue)}, {"state", to_string(value)}},
          value == now ? 1 : 0);
    });
    const StreamEvidence shown = gauges.evidence.read();
    for_each_value<StreamEvidence>(stream_evidence_count, [&](StreamEvidence value) {
      evidence.add({{"account", name}, {"evidence", to_string(value)}}, value == shown ? 1 : 0);
    });
    open.add({{"account", name}}, number(gauges.positions_open.read()));
    stale.add({{"account", name}}, number(gauges.positions_stale.read()));
    confirmed.add({{"account", name}}, seconds(session.positions_confirmed_us.read()));
    key_expiry.add({{"account", name}}, seconds(session.listen_key_expires_us.read()));
    for_each_value<Trigger>(trigger_count, [&](Trigger value) {
      published.add({{"account", name}, {"trigger", to_string(value)}},
                    number(gauges.updates_published[value].read()));
    });
    ignored.add({{"account", name}}, number(gauges.updates_ignored.read()));
    for_each_value<ListenKeyOutcome>(listen_key_outcome_count, [&](ListenKeyOutcome value) {
      renewals.add({{"account", name}, {"outcome", to_string(value)}},
                   number(session.listen_key_renewals[value].read()));
    });
    for_each_value<ReconcileOutcome>(reconcile_outcome_count, [&](ReconcileOutcome value) {
      reconciles.add({{"account", name}, {"outcome", to_string(value)}},
                     number(session.reconciles[value].read()));
    });
  }
  for (auto* family : {&state, &evidence, &open, &stale, &confirmed, &key_expiry, &published,
                       &ignored, &renewals, &reconciles, &mode_switches})
    families.push_back(family->take());
}

void collect_streams(const std::vector<Stream>& streams, Families& families) {
  auto connected =
      gauge_family("position_bridge_stream_connected", "1 while the stream's WebSocket is open.");
  auto connects = counter_family("position_bridge_stream_connects_total", "WebSockets opened.");
  auto disconnects = counter_family("position_bridge_stream_disconnects_total",
                                    "WebSockets lost, given up or not opened, by reason.");
  auto events =
      counter_family("position_bridge_stream_events_total", "Messages received, by event.");
  auto last = gauge_family("position_bridge_stream_last_event_timestamp_seconds",
                           "When the last message came, since 1970; 0 before the first.");
  for (const Stream& stream : streams) {
    bool all_connected = true;
    std::int64_t last_us = 0;
    for (const StreamMetrics* part : stream.parts) {
      all_connected = all_connected && part->connected.read();
      last_us = std::max(last_us, part->last_event_us.read());
    }
    connected.add({{"account", stream.account}, {"stream", stream.name}}, all_connected ? 1 : 0);
    last.add({{"account", stream.account}, {"stream", stream.name}}, seconds(last_us));
    connects.add({{"account", stream.account}, {"stream", stream.name}},
                 number(sum(stream, [](const auto& part) { return part.connects.read(); })));
    for_each_value<CloseCause>(close_cause_count, [&](CloseCause cause) {
      disconnects.add(
          {{"account", stream.account}, {"stream", stream.name}, {"reason", to_string(cause)}},
          number(sum(stream, [&](const auto& part) { return part.disconnects[cause].read(); })));
    });
    for_each_value<StreamEvent>(stream_event_count, [&](StreamEvent event) {
      events.add(
          {{"account", stream.account}, {"stream", stream.name}, {"event", to_string(event)}},
          number(sum(stream, [&](const auto& part) { return part.events[event].read(); })));
    });
  }
  for (auto* family : {&connected, &connects, &disconnects, &events, &last})
    families.push_back(family->take());
}

// What the exchange is known to answer. Other codes appear with their first answer, which rate()
// does not see.
std::map<RestMetrics::Key, std::uint64_t> usual_request_counts() {
  constexpr std::array<std::string_view, 9> statuses{"200", "400", "401", "403", "418",
                                                     "429", "500", "502", "503"};
  std::map<RestMetrics::Key, std::uint64_t> counts;
  for_each_value<Endpoint>(endpoint_count, [&](Endpoint endpoint) {
    for (const std::string_view status : statuses) counts[{endpoint, std::string{status}}] = 0;
    for (const auto kind :
         {HttpFailure::Kind::network, HttpFailure::Kind::timeout, HttpFailure::Kind::malformed})
      counts[{endpoint, std::string{to_string(kind)}}] = 0;
  });
  return counts;
}

void collect_environments(const BridgeProcess& process, Families& families) {
  auto errors = counter_family("position_bridge_parse_errors_total",
                               "Messages of the exchange that could not be read.");
  auto subscriptions = gauge_family("position_bridge_mark_price_subscriptions",
                                    "Symbols whose mark prices are subscribed to.");
  auto requests = counter_family("position_bridge_rest_requests_total",
                                 "REST requests, by HTTP status or by why there was none.");
  auto weight =
      gauge_family("position_bridge_rest_used_weight",
                   "Request weight used in the current minute of the exchange's clock, by "
                   "its count or ours, whichever is larger.");
  auto weight_limit = gauge_family("position_bridge_rest_weight_limit",
                                   "Request weight that an address may use in a minute.");
  auto silent_until =
      gauge_family("position_bridge_rest_silent_until_timestamp_seconds",
                   "Until when nothing is asked over REST, since the exchange said to slow down or "
                   "has banned this address; 0: it may be asked.");
  auto waiting = gauge_family("position_bridge_rest_requests_waiting",
                              "REST requests that wait for request weight or for their turn.");
  auto refusals = counter_family("position_bridge_rest_limits_hit_total",
                                 "Answers 429 (slow_down) and 418 (ban).");
  auto offset = gauge_family("position_bridge_exchange_clock_offset_seconds",
                             "The exchange's clock less ours.");
  std::uint64_t user_errors = 0;
  std::uint64_t mark_errors = 0;
  std::uint64_t symbols = 0;
  auto request_counts = usual_request_counts();
  for (const auto& driver : process.drivers()) {
    const std::string_view environment = driver->environment().name;
    const RequestGate::Metrics& gate = driver->gate_metrics();
    user_errors += driver->user_parse_errors().read();
    mark_errors += driver->mark_parse_errors().read();
    symbols += driver->mark_metrics().subscriptions.read();
    weight.add({{"environment", environment}}, static_cast<double>(gate.used_weight.read()));
    weight_limit.add({{"environment", environment}}, limits::request_weight_max);
    silent_until.add({{"environment", environment}}, seconds(gate.silent_until_us.read()));
    waiting.add({{"environment", environment}}, number(gate.waiting.read()));
    refusals.add({{"environment", environment}, {"kind", "slow_down"}},
                 number(gate.slow_downs.read()));
    refusals.add({{"environment", environment}, {"kind", "ban"}}, number(gate.bans.read()));
    offset.add({{"environment", environment}}, seconds(driver->clock().offset_to_wall_us()));
    for (const auto& [key, count] : driver->rest_metrics().read()) request_counts[key] += count;
  }
  for (const auto& [key, count] : request_counts)
    requests.add({{"endpoint", to_string(key.first)}, {"code", key.second}}, number(count));
  errors.add({{"stream", "user"}}, number(user_errors));
  errors.add({{"stream", "mark"}}, number(mark_errors));
  subscriptions.add({}, number(symbols));
  for (auto* family : {&errors, &subscriptions, &requests, &weight, &weight_limit, &silent_until,
                       &waiting, &refusals, &offset})
    families.push_back(family->take());
}

void collect_bus(const Bus& bus, Families& families) {
  auto bytes = counter_family("position_bridge_bytes_published_total",
                              "Bytes handed to the bus, topics included, whoever subscribes.");
  auto internal =
      histogram_family("position_bridge_receive_to_publish_seconds",
                       "From reading a message of the exchange to publishing what it says.");
  auto external = histogram_family("position_bridge_exchange_to_publish_seconds",
                                   "From the exchange's own time of an event to publishing it.");
  auto subscribers = gauge_family("position_bridge_subscribers", "Subscribers connected now.");
  auto subscriptions =
      gauge_family("position_bridge_subscriptions", "Subscriptions installed now.");
  auto episodes = counter_family("position_bridge_slow_subscriber_episodes_total",
                                 "How often a subscriber began to lose messages for being slow.");
  auto failures = counter_family("position_bridge_subscriber_handshake_failures_total",
                                 "Subscribers turned away.");
  bytes.add({}, number(bus.metrics().bytes_published.read()));
  internal.add({}, bus.metrics().receive_to_publish);
  external.add({}, bus.metrics().exchange_to_publish);
  subscribers.add({}, number(bus.socket().monitor().connections().read()));
  for_each_value<SubscriptionKind>(subscription_kind_count, [&](SubscriptionKind kind) {
    subscriptions.add(
        {{"kind", to_string(kind)}},
        static_cast<double>(bus.metrics().subscriptions[static_cast<std::size_t>(kind)].read()));
  });
  episodes.add({}, number(bus.socket().slow_subscriber_episodes().read()));
  for_each_value<HandshakeFailure>(handshake_failure_count, [&](HandshakeFailure reason) {
    failures.add({{"reason", to_string(reason)}},
                 number(bus.socket().monitor().handshake_failures(reason)));
  });
  for (auto* family :
       {&bytes, &internal, &external, &subscribers, &subscriptions, &episodes, &failures})
    families.push_back(family->take());
}

void collect_snapshots(const SnapshotServer& snapshots, Families& families) {
  auto served = counter_family("position_bridge_snapshots_served_total",
                               "Requests for a snapshot that were answered.");
  auto refused = counter_family("position_bridge_snapshots_refused_total",
                                "Requests for a snapshot that get no answer, by reason.");
  served.add({}, number(snapshots.served().read()));
  for_each_value<SnapshotServer::Refusal>(
      SnapshotServer::refusal_count, [&](SnapshotServer::Refusal reason) {
        refused.add({{"reason", to_string(reason)}}, number(snapshots.refused()[reason].read()));
      });
  for (auto* family : {&served, &refused}) families.push_back(family->take());
}

void collect_log(Families& families) {
  auto lines = counter_family("position_bridge_log_messages_total", "Lines logged, by level.");
  for_each_value<LogLevel>(log_level_count, [&](LogLevel level) {
    lines.add({{"level", to_string(level)}}, number(log_lines(level)));
  });
  auto lost = counter_family("position_bridge_log_messages_lost_total",
                             "Lines given up because nobody read them.");
  lost.add({}, number(log_lines_lost()));
  for (auto* family : {&lines, &lost}) families.push_back(family->take());
}

void collect_process(const BridgeProcess& process, Families& families) {
  auto successful = gauge_family("position_bridge_config_last_reload_successful",
                                 "1 if the configuration that was read last is in force.");
  auto loaded = gauge_family("position_bridge_config_last_reload_timestamp_seconds",
                             "When the configuration in force was taken, since 1970.");
  auto lag = histogram_family("position_bridge_event_loop_lag_seconds",
                              "How late the main loop came to what was due, twice a second.");
  successful.add({}, process.configuration_load().successful.read() ? 1 : 0);
  loaded.add({}, seconds(process.configuration_load().at_us.read()));
  lag.add({}, process.loop_lag());
  for (auto* family : {&successful, &loaded, &lag}) families.push_back(family->take());
}

}  // namespace

std::vector<prometheus::MetricFamily> MetricsCollector::Collect() const {
  Families families;
  const auto lock = process_.lock_accounts();
  const auto accounts = metrics_of_accounts(process_);
  collect_build(families);
  collect_accounts(accounts, families);
  collect_streams(streams_of(process_, accounts), families);
  collect_environments(process_, families);
  collect_bus(process_.bus(), families);
  collect_snapshots(process_.snapshots(), families);
  collect_log(families);
  collect_process(process_, families);
  for (auto& family : collect_process_metrics(process_.started()))
    families.push_back(std::move(family));
  return families;
}

std::string render_metrics(const BridgeProcess& process) {
  return to_prometheus_text(MetricsCollector{process}.Collect());
}

}  // namespace bridge
