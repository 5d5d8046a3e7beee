#include "tests/exchange/shell/control_views.hpp"

namespace exchange {
namespace {

std::string_view mode_text(PositionMode mode) {
  return mode == PositionMode::hedge ? "hedge" : "one-way";
}

OrderedJson history_view(const World& world, const Member& member) {
  OrderedJson list = OrderedJson::array();
  for (const HistoryEntry& entry : member.history) {
    list.push_back({{"number", entry.number},
                    {"time", entry.time},
                    {"reason", entry.reason},
                    {"symbol", world.symbols[entry.key.symbol].name},
                    {"position_side", position_side_text(entry.key.side)},
                    {"amount", entry.position.amount.text()},
                    {"entry_price", entry.position.entry_price.text()},
                    {"realized_pnl", entry.position.realized.text()}});
  }
  return list;
}

OrderedJson stream_names(const Connection& connection) {
  OrderedJson names = OrderedJson::array();
  for (const MarketSubscription& stream : connection.market_streams()) {
    names.push_back(stream.name);
  }
  return names;
}

// Keys are secrets: a user stream is shown by whose it is and what it takes.
OrderedJson user_streams(const Connection& connection) {
  OrderedJson list = OrderedJson::array();
  for (const UserSubscription& user : connection.user_streams()) {
    OrderedJson entry;
    entry["account"] = user.owner == nullptr ? OrderedJson() : OrderedJson(user.owner->name);
    entry["events"] = user.events ? OrderedJson(*user.events) : OrderedJson();
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

OrderedJson position_view(const World& world, const Account& account, PositionKey key,
                          const Position& position) {
  const SymbolSetting setting = account.setting(key.symbol);
  return {{"symbol", world.symbols[key.symbol].name},
          {"position_side", position_side_text(key.side)},
          {"amount", position.amount.text()},
          {"entry_price", position.entry_price.text()},
          {"break_even_price", break_even_price(position).text()},
          {"realized_pnl", position.realized.text()},
          {"margin_type", setting.margin_type == MarginType::cross ? "cross" : "isolated"},
          {"isolated_wallet", position.isolated_wallet.text()},
          {"leverage", setting.leverage},
          {"update_time", position.update_time}};
}

OrderedJson account_view(const World& world, const Member& member) {
  OrderedJson positions = OrderedJson::array();
  for (const auto& [key, position] : member.account.positions()) {
    if (position.is_open()) {
      positions.push_back(position_view(world, member.account, key, position));
    }
  }
  OrderedJson wallets = OrderedJson::object();
  for (const auto& [asset, amount] : member.account.wallets()) wallets[asset] = amount.text();
  return {{"name", member.name},
          {"mode", mode_text(member.account.mode())},
          {"changes", member.changes},
          {"wallets", wallets},
          {"positions", positions}};
}

OrderedJson truth_view(Exchange& exchange, UnixMs now) {
  OrderedJson accounts = OrderedJson::array();
  for (const auto& member : exchange.world().members) {
    accounts.push_back(account_view(exchange.world(), *member));
  }
  return {{"time", now}, {"accounts", accounts}};
}

OrderedJson account_truth_view(const World& world, const Member& member, UnixMs now) {
  OrderedJson view = {{"time", now}};
  view.update(account_view(world, member));
  view["history"] = history_view(world, member);
  return view;
}

OrderedJson connections_view(const Exchange& exchange, UnixMs now) {
  OrderedJson list = OrderedJson::array();
  for (const auto& [id, connection] : exchange.connections()) {
    const bool combined = connection.framing() == Framing::combined;
    list.push_back({{"id", id},
                    {"address", connection.address()},
                    {"route", route_text(connection.route())},
                    {"framing", combined ? "combined" : "raw"},
                    {"age_ms", now - connection.opened_at()},
                    {"silenced", connection.is_silenced()},
                    {"muted", connection.is_muted()},
                    {"streams", stream_names(connection)},
                    {"user_streams", user_streams(connection)}});
  }
  return {{"time", now}, {"connections", list}};
}

OrderedJson requests_view(Exchange& exchange, UnixMs now) {
  World& world = exchange.world();
  const Statistics& statistics = world.statistics;
  OrderedJson broken = OrderedJson::object();
  for (std::size_t index = 0; index < statistics.violations.size(); ++index) {
    broken[std::string(violation_text(static_cast<Violation>(index)))] =
        statistics.violations[index];
  }
  OrderedJson errors = OrderedJson::object();
  for (const auto& [code, count] : statistics.errors) errors[std::to_string(code)] = count;
  return {{"time", now},
          {"requests", statistics.requests},
          {"errors", errors},
          {"control_frames", statistics.frames_by_method},
          {"handshakes", statistics.handshakes},
          {"handshakes_refused", statistics.handshakes_refused},
          {"frames_in", statistics.frames_in},
          {"frames_out", statistics.frames_out},
          {"user_events", statistics.user_events},
          {"peak_weight_per_minute", world.weight.peak()},
          {"peak_messages_per_second", statistics.peak_messages_per_second},
          {"limits_broken", broken},
          {"faults_injected", statistics.faults},
          {"faults_active", world.faults.active_count(now)}};
}

}  // namespace exchange
