#include "bridge/wire/exchange/market_stream_parser.hpp"

#include <vector>

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

using Parsed = Result<MarketMessage, ParseError>;

Parsed failure(const ParseError& error) {
  return Failure<ParseError>{error};
}

constexpr std::string_view mark_price_event = "markPriceUpdate";

// The members of a markPriceUpdate that we read. Other events use the same letters for other
// things, so nothing is judged before `event_name` is known, and that may come last.
struct TickFields {
  JsonScalar event_name, event_time, symbol, family, mark_price, index_price, funding_rate,
      next_funding_time;

  JsonScalar* named(std::string_view key) {
    if (key == "st") return &family;
    if (key.size() != 1) return nullptr;
    switch (key.front()) {
      case 'e': return &event_name;
      case 'E': return &event_time;
      case 's': return &symbol;
      case 'p': return &mark_price;
      case 'i': return &index_price;
      case 'r': return &funding_rate;
      case 'T': return &next_funding_time;
      default: return nullptr;
    }
  }
};

SymbolFamily read_family(const JsonScalar& scalar) {
  if (scalar.text == "1") return SymbolFamily::usd_margined;
  if (scalar.text == "2") return SymbolFamily::coin_margined;
  return SymbolFamily::unknown;
}

Decimal read_mark_price(FieldReader& reader, const JsonScalar& scalar) {
  const Decimal price = reader.decimal(scalar, "p");
  if (price.is_zero() || price.is_negative())
    reader.complain(ParseError::Kind::out_of_range, "p", "not above zero");
  return price;
}

// No index is at zero; where the exchange computes none it leaves the member out (before 2020, and
// on COIN-M until 2022), and its REST interface says "0.00000000" for the like. No captured message
// of the stream has a zero here, so nothing is lost by taking it for "none".
std::optional<Decimal> read_index_price(FieldReader& reader, const JsonScalar& scalar) {
  const auto price = reader.optional_decimal(scalar, "i");
  return price && price->is_zero() ? std::nullopt : price;
}

MarkPriceTick read_tick(FieldReader& reader, const TickFields& fields) {
  MarkPriceTick tick;
  tick.symbol = reader.text(fields.symbol, "s", symbol_size_max);
  tick.family = read_family(fields.family);
  tick.event_time = reader.time(fields.event_time, "E");
  tick.mark_price = read_mark_price(reader, fields.mark_price);
  tick.index_price = read_index_price(reader, fields.index_price);
  tick.funding_rate = reader.optional_decimal(fields.funding_rate, "r");
  tick.next_funding_time = reader.optional_time(fields.next_funding_time, "T");
  // Dated contracts have no funding. COIN-M says so with "" and USDⓈ-M with a rate of zero, both
  // with the time 0.
  const bool has_no_funding = !tick.next_funding_time && !fields.next_funding_time.is_empty();
  if (has_no_funding && tick.funding_rate && tick.funding_rate->is_zero())
    tick.funding_rate.reset();
  return tick;
}

OtherEvent other_event(const TickFields& fields) {
  OtherEvent event{safe_text(fields.event_name.text, event_name_size_max), std::nullopt};
  FieldReader reader;
  const auto time = reader.optional_time(fields.event_time, "E");
  if (!reader.error()) event.event_time = time;
  return event;
}

}  // namespace

class MarketStreamParser::Implementation {
 public:
  Parsed parse(PaddedText frame) {
    found_ = {};
    other_.reset();
    ticks_.clear();
    const TextEnd end{frame};
    simdjson::ondemand::document document;
    if (parser_.iterate(frame.data(), frame.size(), frame.size() + text_padding).get(document))
      return failure(json::malformed());
    simdjson::ondemand::json_type type;
    if (document.type().get(type)) return failure(json::malformed());
    if (type == simdjson::ondemand::json_type::array) return parse_list(document, end);
    if (type == simdjson::ondemand::json_type::object) return parse_message(document, end);
    return failure(json::unexpected_shape({}, "neither an object nor a list"));
  }

 private:
  Parsed parse_list(simdjson::ondemand::document& document, TextEnd end) {
    array rows;
    if (document.get_array().get(rows)) return failure(json::malformed());
    if (const Complaint complaint = read_rows(rows, end)) return failure(*complaint);
    if (!json::is_finished(document)) return failure(json::malformed());
    return finish();
  }

  Parsed parse_message(simdjson::ondemand::document& document, TextEnd end) {
    object message;
    if (document.get_object().get(message)) return failure(json::malformed());
    TickFields fields;
    bool is_control_reply = false;
    bool has_data = false;
    const Complaint complaint =
        json::for_each_field(message, end, [&](std::string_view key, value member) -> Complaint {
          if (JsonScalar* field = fields.named(key)) {
            *field = scalar_of(member, end);
          } else if (key == "data") {
            has_data = true;
            return read_data(member, end);
          } else if (json::marks_control_reply(key)) {
            is_control_reply = true;
          }
          return std::nullopt;
        });
    if (complaint) return failure(*complaint);
    if (!json::is_finished(document)) return failure(json::malformed());
    if (fields.event_name.kind == JsonScalar::Kind::absent) {
      if (has_data) return finish();
      if (is_control_reply) return parse_control(message, end);
    }
    if (const Complaint bad = take(fields)) return failure(*bad);
    return finish();
  }

  static Parsed parse_control(object& message, TextEnd end) {
    if (message.reset().error()) return failure(json::malformed());
    return json::read_control_reply(message, end);
  }

  Complaint read_data(value data, TextEnd end) {
    simdjson::ondemand::json_type type;
    if (data.type().get(type)) return json::malformed();
    if (type == simdjson::ondemand::json_type::array) {
      array rows;
      if (data.get_array().get(rows)) return json::malformed();
      return read_rows(rows, end);
    }
    object row;
    if (data.get_object().get(row))
      return json::unexpected_shape("data", "neither an object nor a list");
    TickFields fields;
    if (Complaint broken = read_fields(fields, row, end)) return broken;
    return take(fields);
  }

  // Complains only about a text that is broken; a row that cannot be read is counted.
  Complaint read_rows(array& rows, TextEnd end) {
    return json::for_each_element(rows, [&](value element) -> Complaint {
      object row;
      const simdjson::error_code error = element.get_object().get(row);
      if (error == simdjson::INCORRECT_TYPE) {
        count_failed(json::unexpected_shape({}, "a list of something else than objects"));
        return std::nullopt;
      }
      if (error) return json::malformed();
      TickFields fields;
      if (Complaint broken = read_fields(fields, row, end)) return broken;
      if (const Complaint bad = take(fields)) count_failed(*bad);
      return std::nullopt;
    });
  }

  static Complaint read_fields(TickFields& fields, object& row, TextEnd end) {
    return json::for_each_field(row, end, [&](std::string_view key, value member) {
      if (JsonScalar* field = fields.named(key)) *field = scalar_of(member, end);
      return Complaint{};
    });
  }

  Complaint take(const TickFields& fields) {
    FieldReader reader;
    const auto name = reader.optional_text(fields.event_name, "e");
    if (reader.error()) return reader.error();
    if (name != mark_price_event) {
      if (!other_) other_ = other_event(fields);
      return std::nullopt;
    }
    const MarkPriceTick tick = read_tick(reader, fields);
    if (reader.error()) return reader.error();
    ticks_.push_back(tick);
    return std::nullopt;
  }

  void count_failed(const ParseError& error) {
    ++found_.rows_failed;
    if (!found_.first_error) found_.first_error = error;
  }

  // Another event, alone or as a list of nothing else, is what the frame was.
  Parsed finish() {
    if (other_ && ticks_.empty() && found_.rows_failed == 0) return *other_;
    found_.ticks = ticks_;
    return found_;
  }

  simdjson::ondemand::parser parser_;
  std::vector<MarkPriceTick> ticks_;
  MarkPriceTicks found_;
  std::optional<OtherEvent> other_;
};

MarketStreamParser::MarketStreamParser() : implementation_{std::make_unique<Implementation>()} {}
MarketStreamParser::~MarketStreamParser() = default;
MarketStreamParser::MarketStreamParser(MarketStreamParser&&) noexcept = default;
MarketStreamParser& MarketStreamParser::operator=(MarketStreamParser&&) noexcept = default;

Result<MarketMessage, ParseError> MarketStreamParser::parse(PaddedText frame) {
  return implementation_->parse(frame);
}

}  // namespace bridge
