#include "bridge/wire/bus/position_update_encoder.hpp"

#include <optional>
#include <utility>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/bus/bus_topics.hpp"
#include "bridge/wire/bus/msgpack_writer.hpp"
#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

constexpr std::uint32_t key_count = 31;

// A fixed string of msgpack, made when the program is compiled: its head and its letters.
template <std::size_t size>
struct Word {
  static_assert(size - 1 < 32);
  char bytes[size] = {};

  consteval Word(const char (&text)[size]) {
    bytes[0] = static_cast<char>(0xA0 | (size - 1));
    for (std::size_t i = 0; i + 1 < size; ++i) bytes[i + 1] = text[i];
  }
  constexpr std::string_view view() const { return {bytes, size}; }
};

template <Word word>
void put(MsgpackWriter& writer) {
  writer.raw(word.view());
}

void put(MsgpackWriter& writer, const std::optional<Decimal>& value) {
  value ? writer.decimal(*value) : writer.nil();
}

void put(MsgpackWriter& writer, const std::optional<WallTime>& value) {
  value ? writer.integer(to_us(*value)) : writer.nil();
}

// Words that are not ours (symbols, reasons) are nearly always UTF-8 already.
void put_foreign(MsgpackWriter& writer, std::string_view text) {
  is_valid_utf8(text) ? writer.text(text) : writer.text(valid_utf8(text));
}

std::size_t foreign_size_max(std::string_view text) {
  return MsgpackWriter::head_size_max + text.size() * utf8_growth_max;
}

// Runs `write` on a piece of memory of `size_max` bytes and keeps what it wrote.
template <class Write>
std::string written(std::size_t size_max, Write write) {
  std::string bytes(size_max, '\0');
  MsgpackWriter writer{bytes.data()};
  write(writer);
  const auto size = static_cast<std::size_t>(writer.end() - bytes.data());
  BRIDGE_ASSERT(size <= size_max);
  bytes.resize(size);
  bytes.shrink_to_fit();
  return bytes;
}

// Room for our own words, the decimals and the integers of any part that is encoded anew.
constexpr std::size_t tail_size_max =
    5 * MsgpackWriter::decimal_size_max + 6 * MsgpackWriter::head_size_max + 256;

void put_side_and_size(MsgpackWriter& writer, const Position& position) {
  put<"side">(writer);
  writer.text(to_string(position.side()));
  put<"size">(writer);
  // However the exchange writes the amount of a closed position, ours is "0".
  position.is_open() ? writer.decimal(position.amount.absolute()) : writer.decimal(Decimal{});
}

std::string head_of(const PositionUpdate& update, const BusIdentity& identity) {
  const std::size_t size_max = foreign_size_max(identity.instance) +
                               foreign_size_max(update.account.name) +
                               foreign_size_max(update.symbol) + 512;
  return written(size_max, [&](MsgpackWriter& writer) {
    writer.map(key_count);
    put<"v">(writer);
    writer.unsigned_integer(bus_version);
    put<"type">(writer);
    put<"position.update">(writer);
    put<"instance">(writer);
    put_foreign(writer, identity.instance);
    put<"epoch">(writer);
    writer.integer(to_us(identity.epoch));
    put<"account">(writer);
    put_foreign(writer, update.account.name);
    put<"venue">(writer);
    writer.text(to_string(update.account.venue));
    put<"symbol">(writer);
    put_foreign(writer, update.symbol);
    put<"position_side">(writer);
    writer.text(to_string(update.position_side));
    put_side_and_size(writer, update.position);
    put<"entry_price">(writer);
    writer.decimal(update.position.entry_price);
    put<"break_even_price">(writer);
    put(writer, update.position.break_even_price);
    put<"mark_price">(writer);
  });
}

std::string realized_pnl_of(const Position& position) {
  return written(128, [&](MsgpackWriter& writer) {
    put<"realized_pnl">(writer);
    put(writer, position.realized_pnl);
    put<"notional">(writer);
  });
}

std::string margin_of(const Position& position) {
  return written(256, [&](MsgpackWriter& writer) {
    put<"margin_type">(writer);
    position.margin_type ? writer.text(to_string(*position.margin_type)) : writer.nil();
    put<"isolated_wallet">(writer);
    put(writer, position.isolated_wallet);
    put<"leverage">(writer);
    position.leverage ? writer.unsigned_integer(*position.leverage) : writer.nil();
    put<"funding_rate">(writer);
  });
}

std::string position_time_of(const Position& position) {
  return written(64, [&](MsgpackWriter& writer) {
    put<"position_time_us">(writer);
    put(writer, position.changed_at);
    put<"mark_time_us">(writer);
  });
}

}  // namespace

PositionUpdateEncoder::PositionUpdateEncoder(BusIdentity identity)
    : identity_{std::move(identity)} {}

bool PositionUpdateEncoder::Kept::is_for(const PositionUpdate& update) const {
  return is_filled && revision == update.revision && symbol == update.symbol &&
         position_side == update.position_side && venue == update.account.venue &&
         account == update.account.name;
}

std::size_t PositionUpdateEncoder::Kept::size() const {
  return until_mark_price.size() + until_notional.size() + until_funding_rate.size() +
         until_mark_time.size();
}

void PositionUpdateEncoder::fill(Kept& kept, const PositionUpdate& update) const {
  kept.is_filled = true;
  kept.revision = update.revision;
  kept.account = update.account.name;
  kept.venue = update.account.venue;
  kept.symbol = update.symbol;
  kept.position_side = update.position_side;
  kept.topic = position_update_topic(update.account.name, update.symbol, update.position_side);
  kept.until_mark_price = head_of(update, identity_);
  kept.until_notional = realized_pnl_of(update.position);
  kept.until_funding_rate = margin_of(update.position);
  kept.until_mark_time = position_time_of(update.position);
}

const PositionUpdateEncoder::Kept& PositionUpdateEncoder::kept_for(const PositionUpdate& update) {
  if (update.topic >= kept_.size()) kept_.resize(update.topic + std::size_t{1});
  Kept& kept = kept_[update.topic];
  if (!kept.is_for(update)) fill(kept, update);
  return kept;
}

std::string_view PositionUpdateEncoder::topic(const PositionUpdate& update) {
  return kept_for(update).topic;
}

std::size_t PositionUpdateEncoder::size_max(const PositionUpdate& update) {
  return kept_for(update).size() + tail_size_max + foreign_size_max(update.account_reason);
}

std::size_t PositionUpdateEncoder::encode(const PositionUpdate& update, WallTime published,
                                          std::span<char> out) {
  BRIDGE_ASSERT(out.size() >= size_max(update));
  return write(kept_for(update), update, published, out.data());
}

std::string_view PositionUpdateEncoder::encode(const PositionUpdate& update, WallTime published) {
  const std::size_t room = size_max(update);
  if (buffer_.size() < room) buffer_.resize(room);
  return {buffer_.data(), write(kept_for(update), update, published, buffer_.data())};
}

std::size_t PositionUpdateEncoder::write(const Kept& kept, const PositionUpdate& update,
                                         WallTime published, char* out) const {
  const MarkPrice* mark = update.mark_price;
  MsgpackWriter writer{out};
  writer.raw(kept.until_mark_price);
  mark ? writer.decimal(mark->mark_price) : writer.nil();
  put<"index_price">(writer);
  mark ? put(writer, mark->index_price) : writer.nil();
  put<"unrealized_pnl">(writer);
  put(writer, update.unrealized_pnl);
  writer.raw(kept.until_notional);
  put(writer, update.notional);
  writer.raw(kept.until_funding_rate);
  mark ? put(writer, mark->funding_rate) : writer.nil();
  put<"next_funding_time_us">(writer);
  mark ? put(writer, mark->next_funding_time) : writer.nil();
  put<"state">(writer);
  writer.text(to_string(update.state));
  put<"trigger">(writer);
  writer.text(to_string(update.trigger));
  put<"account_reason">(writer);
  update.account_reason.empty() ? writer.nil() : put_foreign(writer, update.account_reason);
  writer.raw(kept.until_mark_time);
  mark ? writer.integer(to_us(mark->event_time)) : writer.nil();
  put<"received_us">(writer);
  writer.integer(to_us(update.received));
  put<"published_us">(writer);
  writer.integer(to_us(published));
  put<"account_seq">(writer);
  writer.unsigned_integer(update.account_seq);
  put<"seq">(writer);
  writer.unsigned_integer(update.seq);
  return static_cast<std::size_t>(writer.end() - out);
}

}  // namespace bridge
