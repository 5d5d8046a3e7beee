#include "bridge/app/commands/watch_table.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace bridge {
namespace {

constexpr std::string_view red = "\033[31m";
constexpr std::string_view green = "\033[32m";
constexpr std::string_view yellow = "\033[33m";
constexpr std::string_view bold = "\033[1m";
constexpr std::string_view plain = "\033[0m";

// A bridge says something every second; three of them missed are a sign.
constexpr Duration silence_max = std::chrono::seconds{3};

// How many columns a terminal gives to UTF-8 text: two to each character from Hangul Jamo on, which
// is where the wide scripts begin.
std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;  // a continuation
    width += byte >= 0xE1U ? 2 : 1;
  }
  return width;
}

struct Cell {
  std::string text;
  std::string_view color = {};
};

enum class Alignment { left, right };

struct Column {
  std::string_view title;
  Alignment alignment;
};

constexpr std::array<Column, 9> columns{{{"account", Alignment::left},
                                         {"symbol", Alignment::left},
                                         {"side", Alignment::left},
                                         {"size", Alignment::right},
                                         {"entry", Alignment::right},
                                         {"mark", Alignment::right},
                                         {"PnL", Alignment::right},
                                         {"age", Alignment::right},
                                         {"state", Alignment::left}}};
using Row = std::array<Cell, columns.size()>;

std::string text(const std::optional<Decimal>& value) {
  return value ? value->to_string() : "-";
}

std::string_view pnl_color(const std::optional<Decimal>& pnl) {
  if (!pnl || pnl->is_zero()) return {};
  return pnl->is_negative() ? red : green;
}

std::string age(const std::optional<WallTime>& since, WallTime now) {
  if (!since) return "-";
  const double seconds = static_cast<double>((now - *since).count()) / 1e6;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1fs", seconds > 0 ? seconds : 0.0);
  return buffer.data();
}

Row to_row(const ReceivedPosition& position, WallTime now) {
  // In hedge mode a symbol has two legs; then the exchange's own word says which.
  const std::string side =
      position.position_side == "BOTH" ? position.side : position.position_side + " leg";
  const bool is_live = position.state == "live";
  return {Cell{position.account},
          Cell{position.symbol},
          Cell{side},
          Cell{position.size.to_string()},
          Cell{position.entry_price.to_string()},
          Cell{text(position.mark_price)},
          Cell{text(position.unrealized_pnl), pnl_color(position.unrealized_pnl)},
          Cell{age(position.mark_time, now)},
          Cell{position.state, is_live ? std::string_view{} : yellow}};
}

std::string draw(const std::vector<Row>& rows, WatchTable::Colors colors) {
  std::array<std::size_t, columns.size()> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i].text), ' ');
      const bool colored = colors == WatchTable::Colors::yes && !row[i].color.empty();
      if (columns[i].alignment == Alignment::right) out += padding;
      if (colored) out += row[i].color;
      out += row[i].text;
      if (colored) out += plain;
      if (i + 1 == row.size()) break;
      if (columns[i].alignment == Alignment::left) out += padding;
      out += "  ";
    }
    out += '\n';
  }
  return out;
}

}  // namespace

void WatchTable::apply(const BusMessage& message, Now received) {
  heard_at_ = received.monotonic;
  has_heard_ = true;
  if (const auto* position = std::get_if<ReceivedPosition>(&message)) take(*position);
  if (const auto* status = std::get_if<ReceivedStatus>(&message)) take(*status);
  if (const auto* snapshot = std::get_if<ReceivedSnapshot>(&message)) take(*snapshot);
  if (const auto* heartbeat = std::get_if<ReceivedHeartbeat>(&message))
    start_epoch(heartbeat->instance, heartbeat->epoch);
  if (const auto* shutdown = std::get_if<ReceivedShutdown>(&message)) {
    start_epoch(shutdown->instance, shutdown->epoch);
    is_shut_down_ = true;
  }
}

void WatchTable::start_epoch(const std::string& instance, WallTime epoch) {
  if (epoch == epoch_) return;
  instance_ = instance;
  epoch_ = epoch;
  is_shut_down_ = false;
  accounts_.clear();
  positions_.clear();
}

void WatchTable::take(const ReceivedPosition& position) {
  start_epoch(position.instance, position.epoch);
  const Key key{position.account, position.symbol, position.position_side};
  if (position.is_flat()) {
    positions_.erase(key);
  } else {
    positions_.insert_or_assign(key, position);
  }
}

void WatchTable::take(const ReceivedStatus& status) {
  start_epoch(status.instance, status.epoch);
  accounts_.insert_or_assign(status.account, status);
}

// It comes in its place among the other messages: what was heard before is in it.
void WatchTable::take(const ReceivedSnapshot& snapshot) {
  start_epoch(snapshot.instance, snapshot.epoch);
  ReceivedStatus& status = accounts_[snapshot.account];
  status.account = snapshot.account;
  status.state = snapshot.state;
  if (!snapshot.positions) return;
  for (const ReceivedPosition& position : *snapshot.positions) take(position);
}

std::string WatchTable::headline(Now now) const {
  if (!has_heard_) return "nothing heard yet";
  std::string line = instance_ + ": " + std::to_string(positions_.size()) + " open positions";
  if (is_shut_down_) return line + "; the bridge has stopped";
  if (now.monotonic - heard_at_ > silence_max)
    return line + "; NOTHING HEARD for " +
           std::to_string((now.monotonic - heard_at_).count() / 1'000'000) + " s";
  return line;
}

std::string WatchTable::render(std::size_t height, Now now, Colors colors) const {
  std::string out;
  if (colors == Colors::yes) out += bold;
  out += headline(now);
  if (colors == Colors::yes) out += plain;
  out += '\n';
  std::size_t lines = 1;
  for (const auto& [name, status] : accounts_) {
    if (status.state == "live") continue;
    // A snapshot brings no detail.
    out +=
        name + " is " + status.state + (status.detail.empty() ? "" : ": ") + status.detail + "\n";
    ++lines;
  }

  std::vector<Row> rows;
  Row& titles = rows.emplace_back();
  for (std::size_t i = 0; i < columns.size(); ++i) titles[i].text = columns[i].title;
  for (const auto& [key, position] : positions_) {
    if (lines + rows.size() + 1 > height) break;
    rows.push_back(to_row(position, now.wall));
  }
  out += draw(rows, colors);
  const std::size_t left_out = positions_.size() + 1 - rows.size();
  if (left_out > 0) out += "and " + std::to_string(left_out) + " more\n";
  return out;
}

}  // namespace bridge
