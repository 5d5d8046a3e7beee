#include "tests/subscribers/schemas/described_messages.hpp"

#include <deque>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "bridge/wire/bus/bus_messages.hpp"
#include "bridge/wire/bus/bus_topics.hpp"
#include "bridge/wire/bus/position_update_encoder.hpp"

namespace bridge::test {
namespace {

using Element = simdjson::dom::element;

std::string_view text(Element value, std::string_view key) {
  return value[key].get_string().value();
}

std::uint64_t number(Element value, std::string_view key) {
  return value[key].get_uint64().value();
}

WallTime time(Element value, std::string_view key) {
  return WallTime{Duration{value[key].get_int64().value()}};
}

bool truth(Element value, std::string_view key) {
  return value[key].get_bool().value();
}

Decimal decimal(Element value, std::string_view key) {
  return Decimal::parse(text(value, key)).value();
}

template <class Read>
auto optional(Element value, std::string_view key, Read read)
    -> std::optional<decltype(read(value, key))> {
  if (value[key].is_null()) return std::nullopt;
  return read(value, key);
}

// The word of an enumeration of `count` values that is written as `wanted`.
template <class Word>
Word word(std::string_view wanted, int count) {
  for (int i = 0; i < count; ++i)
    if (to_string(static_cast<Word>(i)) == wanted) return static_cast<Word>(i);
  throw std::runtime_error{"the bridge has no word " + std::string{wanted}};
}

BusIdentity identity_of(Element value) {
  return {std::string{text(value, "instance")}, time(value, "epoch")};
}

AccountState account_state(Element value) {
  return word<AccountState>(text(value, "state"), account_state_count);
}

// What a PositionUpdate refers to.
struct DescribedPosition {
  AccountIdentity account;
  Position position;
  std::optional<MarkPrice> mark;
};

DescribedPosition describe(Element value) {
  const Decimal size = decimal(value, "size");
  DescribedPosition described{
      .account = {std::string{text(value, "account")},
                  word<Venue>(text(value, "venue"), venue_count)},
      .position = {.amount = text(value, "side") == "SHORT" ? size.negated() : size,
                   .entry_price = decimal(value, "entry_price"),
                   .break_even_price = optional(value, "break_even_price", decimal),
                   .realized_pnl = optional(value, "realized_pnl", decimal),
                   .isolated_wallet = optional(value, "isolated_wallet", decimal),
                   .margin_type = {},
                   .leverage = {},
                   .changed_at = optional(value, "position_time_us", time)},
      .mark = {}};
  if (const auto type = optional(value, "margin_type", text))
    described.position.margin_type = word<MarginType>(*type, margin_type_count);
  if (const auto leverage = optional(value, "leverage", number))
    described.position.leverage = static_cast<std::uint32_t>(*leverage);
  if (!value["mark_price"].is_null()) {
    described.mark = MarkPrice{.mark_price = decimal(value, "mark_price"),
                               .index_price = optional(value, "index_price", decimal),
                               .funding_rate = optional(value, "funding_rate", decimal),
                               .next_funding_time = optional(value, "next_funding_time_us", time),
                               .event_time = time(value, "mark_time_us")};
  }
  return described;
}

PositionUpdate update_of(const DescribedPosition& described, Element value, std::uint32_t topic) {
  return {.topic = topic,
          .account = described.account,
          .symbol = text(value, "symbol"),
          .position_side = word<PositionSide>(text(value, "position_side"), position_side_count),
          .position = described.position,
          .mark_price = described.mark ? &*described.mark : nullptr,
          .unrealized_pnl = optional(value, "unrealized_pnl", decimal),
          .notional = optional(value, "notional", decimal),
          .state = word<PositionState>(text(value, "state"), position_state_count),
          .trigger = word<Trigger>(text(value, "trigger"), trigger_count),
          .account_reason = optional(value, "account_reason", text).value_or(std::string_view{}),
          .received = time(value, "received_us"),
          .account_seq = number(value, "account_seq"),
          .seq = number(value, "seq")};
}

MadeMessage make_position_update(Element value) {
  const DescribedPosition described = describe(value);
  const PositionUpdate update = update_of(described, value, 0);
  PositionUpdateEncoder encoder{identity_of(value)};
  return {std::string{encoder.topic(update)},
          std::string{encoder.encode(update, time(value, "published_us"))}};
}

MadeMessage make_account_status(Element value) {
  const AccountIdentity account{std::string{text(value, "account")},
                                word<Venue>(text(value, "venue"), venue_count)};
  const AccountStatus status{
      .account = account,
      .state = account_state(value),
      .running = truth(value, "running"),
      .user_connected = truth(value, "user_connected"),
      .mark_connected = truth(value, "mark_connected"),
      .active_positions = static_cast<std::uint32_t>(number(value, "active_positions")),
      .subscribed_symbols = static_cast<std::uint32_t>(number(value, "subscribed_symbols")),
      .detail = text(value, "detail"),
      .since = time(value, "since_us"),
      .evidence = word<StreamEvidence>(text(value, "evidence"), stream_evidence_count),
      .confirmed = optional(value, "confirmed_us", time),
      .account_seq = number(value, "account_seq")};
  return {account_status_topic(account.name),
          encode_account_status(identity_of(value), status, time(value, "published_us"))};
}

MadeMessage make_heartbeat(Element value) {
  std::vector<AccountSequence> accounts;
  for (const auto [name, sequence] : value["accounts"].get_object())
    accounts.push_back({name, sequence.get_uint64().value()});
  return {std::string{heartbeat_topic}, encode_heartbeat(identity_of(value), text(value, "version"),
                                                         accounts, time(value, "published_us"))};
}

MadeMessage make_snapshot(Element value) {
  const AccountIdentity account{.name = std::string{text(value, "account")}};
  std::deque<DescribedPosition> described;
  std::vector<PositionUpdate> positions;
  if (!value["positions"].is_null()) {
    for (const Element position : value["positions"].get_array()) {
      described.push_back(describe(position));
      positions.push_back(
          update_of(described.back(), position, static_cast<std::uint32_t>(positions.size())));
    }
  }
  PositionSnapshot snapshot{.account = account,
                            .scope = text(value, "scope"),
                            .state = account_state(value),
                            .account_seq = number(value, "account_seq"),
                            .positions = {}};
  if (!value["positions"].is_null()) snapshot.positions = positions;
  PositionUpdateEncoder encoder{identity_of(value)};
  auto messages = encode_snapshot(encoder, snapshot, time(value, "published_us"));
  if (messages.size() != 1) throw std::runtime_error{"a snapshot in parts"};
  return {{}, std::move(messages.front())};
}

MadeMessage make_shutdown(Element value) {
  return {std::string{shutdown_topic},
          encode_shutdown(identity_of(value), time(value, "published_us"))};
}

}  // namespace

MadeMessage make_message(Element value) {
  const std::string_view type = text(value, "type");
  if (type == "position.update") return make_position_update(value);
  if (type == "account.status") return make_account_status(value);
  if (type == "bridge.heartbeat") return make_heartbeat(value);
  if (type == "position.snapshot") return make_snapshot(value);
  if (type == "bridge.shutdown") return make_shutdown(value);
  throw std::runtime_error{"the bridge sends no " + std::string{type}};
}

}  // namespace bridge::test
