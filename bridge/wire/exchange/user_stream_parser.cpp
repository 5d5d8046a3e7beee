#include "bridge/wire/exchange/user_stream_parser.hpp"

#include <string>
#include <utility>

#include "bridge/wire/exchange/control_reply.hpp"
#include "bridge/wire/exchange/field_reader.hpp"
#include "bridge/wire/exchange/json_walk.hpp"
#include "bridge/wire/exchange/wire_limits.hpp"
#include "bridge/wire/text/safe_text.hpp"

namespace bridge {
namespace {

using json::Complaint;
using json::scalar_of;
using json::TextEnd;
using simdjson::ondemand::array;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

using Parsed = Result<UserMessage, ParseError>;

Parsed failure(const ParseError& error) {
  return Failure<ParseError>{error};
}

// What a first walk over a message finds: the name of the event decides what the other members
// mean, and it may come last.
struct MessageHead {
  JsonScalar event_name;
  JsonScalar event_time;
  bool has_envelope = false;
  bool is_control_reply = false;
};

// `event` is the envelope of serverShutdown, which the exchange's own clients expect on any stream.
bool is_envelope_key(std::string_view key) {
  return key == "data" || key == "event";
}

Complaint read_head(MessageHead& head, object& message, TextEnd end) {
  return json::for_each_field(message, end, [&](std::string_view key, value member) {
    if (key == "e") {
      head.event_name = scalar_of(member, end);
    } else if (key == "E") {
      head.event_time = scalar_of(member, end);
    } else if (is_envelope_key(key)) {
      head.has_envelope = true;
    } else if (json::marks_control_reply(key)) {
      head.is_control_reply = true;
    }
    return Complaint{};
  });
}

struct PositionFields {
  JsonScalar symbol, side, amount, entry_price, break_even_price, realized_pnl, isolated_wallet,
      margin_type;

  JsonScalar* named(std::string_view key) {
    if (key == "s") return &symbol;
    if (key == "ps") return &side;
    if (key == "pa") return &amount;
    if (key == "ep") return &entry_price;
    if (key == "bep") return &break_even_price;
    if (key == "cr") return &realized_pnl;
    if (key == "iw") return &isolated_wallet;
    if (key == "mt") return &margin_type;
    return nullptr;
  }
};

PositionSide read_side(FieldReader& reader, const JsonScalar& scalar) {
  const auto side = parse_position_side(reader.text(scalar, "ps", reason_size_max));
  if (!side) reader.complain(ParseError::Kind::unreadable_field, "ps", "no known position side");
  return side.value_or(PositionSide::both);
}

// A margin type with a name that is new to us is one that we do not know, and is published so.
std::optional<MarginType> read_margin_type(FieldReader& reader, const JsonScalar& scalar) {
  const auto text = reader.optional_text(scalar, "mt");
  return text ? parse_margin_type(*text) : std::nullopt;
}

PositionChange read_position(FieldReader& reader, const PositionFields& fields) {
  PositionChange position;
  position.symbol = reader.text(fields.symbol, "s", symbol_size_max);
  position.position_side = read_side(reader, fields.side);
  position.amount = reader.decimal(fields.amount, "pa");
  position.entry_price = reader.decimal(fields.entry_price, "ep");
  position.break_even_price = reader.optional_decimal(fields.break_even_price, "bep");
  position.realized_pnl = reader.optional_decimal(fields.realized_pnl, "cr");
  position.isolated_wallet = reader.optional_decimal(fields.isolated_wallet, "iw");
  position.margin_type = read_margin_type(reader, fields.margin_type);
  return position;
}

Complaint read_positions(std::vector<PositionChange>& positions, value list, TextEnd end) {
  if (scalar_of(list, end).is_empty()) return std::nullopt;  // null
  array rows;
  if (list.get_array().get(rows)) return json::unexpected_shape("P", "not a list");
  return json::for_each_element(rows, [&](value element) -> Complaint {
    object row;
    if (element.get_object().get(row)) return json::unexpected_shape("P", "not a list of objects");
    PositionFields fields;
    const Complaint broken =
        json::for_each_field(row, end, [&](std::string_view key, value member) {
          if (JsonScalar* field = fields.named(key)) *field = scalar_of(member, end);
          return Complaint{};
        });
    if (broken) return broken;
    FieldReader reader;
    positions.push_back(read_position(reader, fields));
    return reader.error();
  });
}

// The member `a`. Without `P` no position changed: a funding fee of a crossed position, a deposit.
Complaint read_account(AccountUpdate& update, value member, TextEnd end) {
  object account;
  if (member.get_object().get(account)) return json::unexpected_shape("a", "not an object");
  return json::for_each_field(account, end, [&](std::string_view key, value part) -> Complaint {
    if (key == "P") return read_positions(update.positions, part, end);
    if (key != "m") return std::nullopt;
    FieldReader reader;
    const auto reason = reader.optional_text(scalar_of(part, end), "m");
    update.reason = safe_text(reason.value_or(""), reason_size_max);
    return reader.error();
  });
}

Parsed read_account_update(object& message, const MessageHead& head, TextEnd end) {
  AccountUpdate update;
  JsonScalar transaction_time;
  bool has_account = false;
  const Complaint complaint =
      json::for_each_field(message, end, [&](std::string_view key, value member) -> Complaint {
        if (key == "T") transaction_time = scalar_of(member, end);
        if (key != "a") return std::nullopt;
        has_account = true;
        update.positions.clear();
        return read_account(update, member, end);
      });
  if (complaint) return failure(*complaint);
  FieldReader reader;
  update.event_time = reader.time(head.event_time, "E");
  update.transaction_time = reader.time(transaction_time, "T");
  if (!has_account) reader.complain(ParseError::Kind::missing_field, "a", {});
  if (reader.error()) return failure(*reader.error());
  return update;
}

struct ConfigFields {
  JsonScalar transaction_time, symbol, leverage;
  bool is_about_symbol = false;
};

Complaint read_config_fields(ConfigFields& fields, object& message, TextEnd end) {
  return json::for_each_field(message, end, [&](std::string_view key, value member) -> Complaint {
    if (key == "T") fields.transaction_time = scalar_of(member, end);
    if (key != "ac") return std::nullopt;
    object config;
    if (member.get_object().get(config)) return json::unexpected_shape("ac", "not an object");
    fields.is_about_symbol = true;
    return json::for_each_field(config, end, [&](std::string_view name, value part) {
      if (name == "s") fields.symbol = scalar_of(part, end);
      if (name == "l") fields.leverage = scalar_of(part, end);
      return Complaint{};
    });
  });
}

OtherEvent other_event(const MessageHead& head) {
  OtherEvent event{safe_text(head.event_name.text, event_name_size_max), std::nullopt};
  FieldReader reader;
  const auto time = reader.optional_time(head.event_time, "E");
  if (!reader.error()) event.event_time = time;
  return event;
}

Parsed read_account_config_update(object& message, const MessageHead& head, TextEnd end) {
  ConfigFields fields;
  if (const Complaint complaint = read_config_fields(fields, message, end))
    return failure(*complaint);
  if (!fields.is_about_symbol) return other_event(head);  // `ai`: the multi-assets mode
  FieldReader reader;
  LeverageChange change;
  change.event_time = reader.time(head.event_time, "E");
  change.transaction_time = reader.time(fields.transaction_time, "T");
  change.symbol = reader.text(fields.symbol, "s", symbol_size_max);
  change.leverage = reader.count(fields.leverage, "l");
  if (reader.error()) return failure(*reader.error());
  return change;
}

Parsed read_listen_key_expired(object& message, const MessageHead& head, TextEnd end) {
  JsonScalar key_field;
  const Complaint complaint =
      json::for_each_field(message, end, [&](std::string_view key, value member) {
        if (key == "listenKey") key_field = scalar_of(member, end);
        return Complaint{};
      });
  if (complaint) return failure(*complaint);
  FieldReader reader;
  ListenKeyExpired expired;
  expired.event_time = reader.time(head.event_time, "E");
  if (const auto key = reader.optional_text(key_field, "listenKey"))
    expired.listen_key.emplace(std::string{*key});
  if (reader.error()) return failure(*reader.error());
  return expired;
}

Parsed read_event(object& message, const MessageHead& head, TextEnd end) {
  FieldReader reader;
  const auto name = reader.optional_text(head.event_name, "e");
  if (reader.error()) return failure(*reader.error());
  if (message.reset().error()) return failure(json::malformed());
  if (name == "ACCOUNT_UPDATE") return read_account_update(message, head, end);
  if (name == "ACCOUNT_CONFIG_UPDATE") return read_account_config_update(message, head, end);
  if (name == "listenKeyExpired") return read_listen_key_expired(message, head, end);
  return other_event(head);
}

Parsed read_enveloped(object& envelope, TextEnd end) {
  if (envelope.reset().error()) return failure(json::malformed());
  Parsed parsed = OtherEvent{};
  const Complaint complaint =
      json::for_each_field(envelope, end, [&](std::string_view key, value member) -> Complaint {
        if (!is_envelope_key(key)) return std::nullopt;
        object message;
        if (member.get_object().get(message))
          return json::unexpected_shape("data", "not an object");
        MessageHead head;
        if (Complaint broken = read_head(head, message, end)) return broken;
        parsed = read_event(message, head, end);
        // The message has been walked to its end or not at all; neither matters to its envelope,
        // which has been walked to the end before.
        return parsed ? Complaint{} : Complaint{parsed.error()};
      });
  if (complaint) return failure(*complaint);
  return parsed;
}

}  // namespace

class UserStreamParser::Implementation {
 public:
  Parsed parse(PaddedText frame) {
    const TextEnd end{frame};
    simdjson::ondemand::document document;
    if (parser_.iterate(frame.data(), frame.size(), frame.size() + text_padding).get(document))
      return failure(json::malformed());
    object message;
    if (document.get_object().get(message))
      return failure(json::unexpected_shape({}, "not an object"));
    MessageHead head;
    if (const Complaint complaint = read_head(head, message, end)) return failure(*complaint);
    if (!json::is_finished(document)) return failure(json::malformed());
    return read_message(message, head, end);
  }

 private:
  static Parsed read_message(object& message, const MessageHead& head, TextEnd end) {
    const bool is_event = head.event_name.kind != JsonScalar::Kind::absent;
    if (!is_event && head.has_envelope) return read_enveloped(message, end);
    if (!is_event && head.is_control_reply) return read_control(message, end);
    return read_event(message, head, end);
  }

  static Parsed read_control(object& message, TextEnd end) {
    if (message.reset().error()) return failure(json::malformed());
    return json::read_control_reply(message, end);
  }

  simdjson::ondemand::parser parser_;
};

UserStreamParser::UserStreamParser() : implementation_{std::make_unique<Implementation>()} {}
UserStreamParser::~UserStreamParser() = default;
UserStreamParser::UserStreamParser(UserStreamParser&&) noexcept = default;
UserStreamParser& UserStreamParser::operator=(UserStreamParser&&) noexcept = default;

Result<UserMessage, ParseError> UserStreamParser::parse(PaddedText frame) {
  return implementation_->parse(frame);
}

}  // namespace bridge
