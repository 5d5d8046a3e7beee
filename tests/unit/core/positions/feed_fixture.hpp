#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "bridge/core/positions/position_feed.hpp"
#include "bridge/core/positions/publications.hpp"

// What the tests of the core share: values in one line each, and a subscriber that writes down what
// it is told.
namespace bridge::testing {

inline Decimal decimal(const std::string& text) {
  return Decimal::parse(text).value();
}

inline std::string text(const std::optional<Decimal>& value) {
  return value ? value->to_string() : "nil";
}

constexpr WallTime exchange_time(std::int64_t ms) {
  return wall_time_from_ms(ms);
}

inline PositionChange change(std::string symbol, PositionSide side, const std::string& amount,
                             const std::string& entry_price) {
  PositionChange row;
  row.symbol = std::move(symbol);
  row.position_side = side;
  row.amount = decimal(amount);
  row.entry_price = decimal(entry_price);
  row.break_even_price = decimal(entry_price);
  row.realized_pnl = decimal("0");
  row.isolated_wallet = decimal("0");
  row.margin_type = MarginType::cross;
  return row;
}

inline AccountUpdate account_update(std::int64_t time_ms, std::vector<PositionChange> positions,
                                    std::string reason = "ORDER") {
  return {.event_time = exchange_time(time_ms),
          .transaction_time = exchange_time(time_ms),
          .reason = std::move(reason),
          .positions = std::move(positions)};
}

inline PositionRow row(std::string symbol, PositionSide side, const std::string& amount,
                       const std::string& entry_price, std::int64_t updated_ms) {
  PositionRow result;
  result.symbol = std::move(symbol);
  result.position_side = side;
  result.amount = decimal(amount);
  result.entry_price = decimal(entry_price);
  result.break_even_price = decimal(entry_price);
  result.isolated_wallet = decimal("0");
  result.updated_at = exchange_time(updated_ms);
  return result;
}

inline MarkPriceTick tick(std::string_view symbol, const std::string& price, std::int64_t time_ms) {
  MarkPriceTick result;
  result.symbol = symbol;
  result.event_time = exchange_time(time_ms);
  result.mark_price = decimal(price);
  return result;
}

// "main BTCUSDT BOTH LONG 0.5 entry 100 mark 110 pnl 5 live account_update/ORDER"
inline std::string text(const PositionUpdate& update) {
  std::string line = update.account.name + " " + std::string{update.symbol} + " " +
                     std::string{to_string(update.position_side)} + " " +
                     std::string{to_string(update.position.side())} + " " +
                     update.position.amount.absolute().to_string() + " entry " +
                     update.position.entry_price.to_string() + " mark " +
                     (update.mark_price ? update.mark_price->mark_price.to_string() : "nil") +
                     " pnl " + text(update.unrealized_pnl) + " " +
                     std::string{to_string(update.state)} + " " +
                     std::string{to_string(update.trigger)};
  if (!update.account_reason.empty()) line += "/" + std::string{update.account_reason};
  return line;
}

// Writes down what was published, as text: of a status "main is live".
class Subscriber final : public Publications {
 public:
  void publish(const PositionUpdate& update) override {
    lines.push_back(text(update));
    account_seqs.push_back(update.account_seq);
    seqs.push_back(update.seq);
    leverages.push_back(update.position.leverage);
  }

  void publish(const AccountStatus& status) override {
    lines.push_back(status.account.name + " is " + std::string{to_string(status.state)});
    account_seqs.push_back(status.account_seq);
    last_detail = status.detail;
    last_connected = status.connected();
  }

  std::vector<std::string> take() {
    account_seqs.clear();
    seqs.clear();
    return std::exchange(lines, {});
  }

  std::vector<std::string> lines;
  std::vector<std::uint64_t> account_seqs;
  std::vector<std::uint64_t> seqs;
  std::vector<std::optional<std::uint32_t>> leverages;
  std::string last_detail;
  bool last_connected = false;
};

}  // namespace bridge::testing
