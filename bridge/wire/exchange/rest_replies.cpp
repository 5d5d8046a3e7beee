#include "bridge/wire/exchange/rest_replies.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "bridge/core/values/assert.hpp"
#include "bridge/core/values/result.hpp"
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
using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

// The members of an object by their names; `names` and `fields` go together.
template <std::size_t size>
struct Members {
  const std::array<std::string_view, size>& names;
  std::array<JsonScalar, size> fields{};

  const JsonScalar& operator[](std::string_view name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    BRIDGE_ASSERT(at != names.end());
    return fields[static_cast<std::size_t>(at - names.begin())];
  }

  Complaint read(object& from, TextEnd end) {
    return json::for_each_field(from, end, [&](std::string_view key, value member) {
      const auto at = std::find(names.begin(), names.end(), key);
      if (at != names.end())
        fields[static_cast<std::size_t>(at - names.begin())] = scalar_of(member, end);
      return Complaint{};
    });
  }
};

template <std::size_t size>
Members(const std::array<std::string_view, size>&) -> Members<size>;

constexpr std::array<std::string_view, 2> error_names{"code", "msg"};
constexpr std::array<std::string_view, 1> time_names{"serverTime"};
constexpr std::array<std::string_view, 1> listen_key_names{"listenKey"};
constexpr std::array<std::string_view, 1> account_config_names{"dualSidePosition"};
constexpr std::array<std::string_view, 3> symbol_config_names{"symbol", "marginType", "leverage"};
constexpr std::array<std::string_view, 6> premium_index_names{
    "symbol", "markPrice", "indexPrice", "lastFundingRate", "nextFundingTime", "time"};
constexpr std::array<std::string_view, 9> position_names{
    "symbol",         "positionSide", "positionAmt", "entryPrice", "breakEvenPrice",
    "isolatedWallet", "marginType",   "leverage",    "updateTime"};
constexpr std::array<std::string_view, 9> account_position_names{
    "symbol",         "positionSide", "positionAmt", "entryPrice", "breakEvenPrice",
    "isolatedWallet", "isolated",     "leverage",    "updateTime"};

std::optional<MarginType> read_margin_type(FieldReader& reader, const JsonScalar& scalar) {
  const auto text = reader.optional_text(scalar, "marginType");
  return text ? parse_margin_type(*text) : std::nullopt;  // a new name: a type that we do not know
}

// But for the margin type.
PositionRow read_position_of(FieldReader& reader, const Members<9>& members) {
  PositionRow row;
  row.symbol = reader.text(members["symbol"], "symbol", symbol_size_max);
  const auto side =
      parse_position_side(reader.text(members["positionSide"], "positionSide", reason_size_max));
  if (!side)
    reader.complain(ParseError::Kind::unreadable_field, "positionSide", "no known position side");
  row.position_side = side.value_or(PositionSide::both);
  row.amount = reader.decimal(members["positionAmt"], "positionAmt");
  row.entry_price = reader.decimal(members["entryPrice"], "entryPrice");
  row.break_even_price = reader.optional_decimal(members["breakEvenPrice"], "breakEvenPrice");
  row.isolated_wallet = reader.optional_decimal(members["isolatedWallet"], "isolatedWallet");
  row.leverage = reader.optional_count(members["leverage"], "leverage");
  row.updated_at = reader.optional_time(members["updateTime"], "updateTime");
  return row;
}

PositionRow read_position(FieldReader& reader, const Members<9>& members) {
  PositionRow row = read_position_of(reader, members);
  row.margin_type = read_margin_type(reader, members["marginType"]);
  return row;
}

PositionRow read_account_position(FieldReader& reader, const Members<9>& members) {
  PositionRow row = read_position_of(reader, members);
  if (!members["isolated"].is_empty())
    row.margin_type =
        reader.truth(members["isolated"], "isolated") ? MarginType::isolated : MarginType::cross;
  return row;
}

SymbolConfigRow read_symbol_config(FieldReader& reader, const Members<3>& members) {
  SymbolConfigRow row;
  row.symbol = reader.text(members["symbol"], "symbol", symbol_size_max);
  row.margin_type = read_margin_type(reader, members["marginType"]);
  row.leverage = reader.optional_count(members["leverage"], "leverage");
  return row;
}

PremiumIndexRow read_premium_index(FieldReader& reader, const Members<6>& members) {
  PremiumIndexRow row;
  row.symbol = reader.text(members["symbol"], "symbol", symbol_size_max);
  row.mark_price = reader.decimal(members["markPrice"], "markPrice");
  if (row.mark_price.is_zero() || row.mark_price.is_negative())
    reader.complain(ParseError::Kind::out_of_range, "markPrice", "not above zero");
  row.index_price = reader.optional_decimal(members["indexPrice"], "indexPrice");
  if (row.index_price && row.index_price->is_zero()) row.index_price.reset();
  row.funding_rate = reader.optional_decimal(members["lastFundingRate"], "lastFundingRate");
  row.next_funding_time = reader.optional_time(members["nextFundingTime"], "nextFundingTime");
  // A dated contract: no funding, which USDⓈ-M writes as a rate of zero and the time 0.
  const bool has_no_funding = !row.next_funding_time && !members["nextFundingTime"].is_empty();
  if (has_no_funding && row.funding_rate && row.funding_rate->is_zero()) row.funding_rate.reset();
  row.time = reader.time(members["time"], "time");
  return row;
}

// A body that is being read.
class Body {
 public:
  explicit Body(std::string_view text) : copy_{text}, end_{copy_.text()} {
    const PaddedText padded = copy_.text();
    error_ =
        parser_.iterate(padded.data(), padded.size(), padded.size() + text_padding).get(document_);
    if (!error_) error_ = document_.type().get(type_);
  }

  bool is_readable() const { return !error_; }
  bool is_object() const { return is_readable() && type_ == json_type::object; }

  template <std::size_t size>
  Complaint read_object(Members<size>& members) {
    object from;
    if (!is_readable()) return json::malformed();
    if (document_.get_object().get(from)) return json::unexpected_shape({}, "not an object");
    if (Complaint complaint = members.read(from, end_)) return complaint;
    return finish();
  }

  // Calls `on_row(reader, members)` for each object of a list, or for the only one where the
  // exchange answers with that. A row that `on_row` does not want to be judged it takes back
  // itself.
  template <std::size_t size, class OnRow>
  Complaint read_rows(const std::array<std::string_view, size>& names, OnRow&& on_row) {
    if (!is_readable()) return json::malformed();
    const auto read_row = [&](object& from) -> Complaint {
      Members<size> members{names};
      if (Complaint broken = members.read(from, end_)) return broken;
      return on_row(members);
    };
    Complaint complaint =
        type_ == json_type::object ? read_only_row(read_row) : read_list(read_row);
    return complaint ? complaint : finish();
  }

  // The same for the list that is the member `list_name` of an object.
  template <std::size_t size, class OnRow>
  Complaint read_rows_in(std::string_view list_name,
                         const std::array<std::string_view, size>& names, OnRow&& on_row) {
    object from;
    if (!is_readable()) return json::malformed();
    if (document_.get_object().get(from)) return json::unexpected_shape({}, "not an object");
    const auto read_row = [&](object& row) -> Complaint {
      Members<size> members{names};
      if (Complaint broken = members.read(row, end_)) return broken;
      return on_row(members);
    };
    bool has_list = false;
    const Complaint complaint =
        json::for_each_field(from, end_, [&](std::string_view key, value member) -> Complaint {
          if (key != list_name) return std::nullopt;
          has_list = true;
          array rows;
          if (member.get_array().get(rows)) return json::unexpected_shape(list_name, "not a list");
          return read_elements(rows, read_row);
        });
    if (complaint) return complaint;
    return has_list ? finish() : json::unexpected_shape(list_name, "missing");
  }

 private:
  template <class ReadRow>
  Complaint read_only_row(ReadRow& read_row) {
    object only;
    if (document_.get_object().get(only)) return json::malformed();
    return read_row(only);
  }

  template <class ReadRow>
  Complaint read_list(ReadRow& read_row) {
    array rows;
    if (document_.get_array().get(rows)) return json::unexpected_shape({}, "not a list");
    return read_elements(rows, read_row);
  }

  template <class ReadRow>
  static Complaint read_elements(array& rows, ReadRow& read_row) {
    return json::for_each_element(rows, [&](value element) -> Complaint {
      object row;
      if (element.get_object().get(row))
        return json::unexpected_shape({}, "a list of something else than objects");
      return read_row(row);
    });
  }

  Complaint finish() { return json::is_finished(document_) ? Complaint{} : json::malformed(); }

  PaddedCopy copy_;
  TextEnd end_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  json_type type_ = json_type::null;
  simdjson::error_code error_ = simdjson::SUCCESS;
};

using Read = Result<RestReply, ParseError>;

Read failure(const ParseError& error) {
  return Failure<ParseError>{error};
}

// `make` turns the members of one object into the reply.
template <std::size_t size, class Make>
Read read_one(std::string_view body, const std::array<std::string_view, size>& names, Make make) {
  Body reading{body};  // the members are views of it
  Members<size> members{names};
  if (const Complaint complaint = reading.read_object(members)) return failure(*complaint);
  FieldReader reader;
  RestReply reply = make(reader, members);
  if (reader.error()) return failure(*reader.error());
  return reply;
}

Read read_server_time(std::string_view body) {
  return read_one(body, time_names, [](FieldReader& reader, const auto& members) -> RestReply {
    return ServerTime{reader.time(members["serverTime"], "serverTime")};
  });
}

Read read_new_listen_key(std::string_view body) {
  return read_one(
      body, listen_key_names, [](FieldReader& reader, const auto& members) -> RestReply {
        const auto key = reader.text(members["listenKey"], "listenKey", listen_key_size_max);
        return ListenKeyReply{Secret{std::string{key}}};
      });
}

Read read_kept_listen_key(std::string_view body) {
  return read_one(body, listen_key_names,
                  [](FieldReader& reader, const auto& members) -> RestReply {
                    const auto key = reader.optional_text(members["listenKey"], "listenKey");
                    return ListenKeyReply{Secret{std::string{key.value_or("")}}};
                  });
}

Read read_closed_listen_key(std::string_view body) {
  return read_one(body, listen_key_names,
                  [](FieldReader&, const auto&) -> RestReply { return ListenKeyClosed{}; });
}

Read read_account_config(std::string_view body) {
  return read_one(
      body, account_config_names, [](FieldReader& reader, const auto& members) -> RestReply {
        const bool is_hedge = reader.truth(members["dualSidePosition"], "dualSidePosition");
        return AccountConfig{is_hedge ? PositionMode::hedge : PositionMode::one_way};
      });
}

Read read_positions(std::string_view body) {
  PositionRows positions;
  const Complaint complaint = Body{body}.read_rows(position_names, [&](const Members<9>& members) {
    FieldReader reader;
    positions.rows.push_back(read_position(reader, members));
    return reader.error();
  });
  if (complaint) return failure(*complaint);
  return positions;
}

// The account has its positions in a list of its own, and says `isolated` for their margin type.
Read read_account_positions(std::string_view body) {
  PositionRows positions;
  const Complaint complaint =
      Body{body}.read_rows_in("positions", account_position_names, [&](const Members<9>& members) {
        FieldReader reader;
        positions.rows.push_back(read_account_position(reader, members));
        return reader.error();
      });
  if (complaint) return failure(*complaint);
  return positions;
}

Read read_symbol_configs(std::string_view body) {
  SymbolConfigs configs;
  const Complaint complaint =
      Body{body}.read_rows(symbol_config_names, [&](const Members<3>& members) {
        FieldReader reader;
        configs.rows.push_back(read_symbol_config(reader, members));
        return reader.error();
      });
  if (complaint) return failure(*complaint);
  return configs;
}

// Delisted symbols stay in the list with a price of zero. They have none, and the others do.
Read read_premium_indices(std::string_view body) {
  PremiumIndex index;
  Complaint first_bad_row;
  const Complaint complaint =
      Body{body}.read_rows(premium_index_names, [&](const Members<6>& members) {
        FieldReader reader;
        PremiumIndexRow row = read_premium_index(reader, members);
        if (!reader.error()) {
          index.rows.push_back(std::move(row));
        } else if (!first_bad_row) {
          first_bad_row = reader.error();
        }
        return Complaint{};
      });
  if (complaint) return failure(*complaint);
  if (index.rows.empty() && first_bad_row) return failure(*first_bad_row);
  return index;
}

Read read_success(Endpoint endpoint, std::string_view body) {
  switch (endpoint) {
    case Endpoint::server_time: return read_server_time(body);
    case Endpoint::create_listen_key: return read_new_listen_key(body);
    case Endpoint::keep_listen_key_alive: return read_kept_listen_key(body);
    case Endpoint::close_listen_key: return read_closed_listen_key(body);
    case Endpoint::position_risk:
    case Endpoint::position_risk_v2: return read_positions(body);
    case Endpoint::account_v2: return read_account_positions(body);
    case Endpoint::account_config:
    case Endpoint::position_side_dual: return read_account_config(body);
    case Endpoint::symbol_config: return read_symbol_configs(body);
    case Endpoint::premium_index:
    case Endpoint::premium_index_of_all: return read_premium_indices(body);
  }
  BRIDGE_UNREACHABLE("not an Endpoint");
}

struct ExchangeError {
  std::optional<int> code;
  std::string message;
};

// Nothing when the body is no object with a `code`, or with {"code":200,"msg":"success"}.
std::optional<ExchangeError> read_exchange_error(std::string_view body) {
  constexpr int code_success = 200;
  // A list, which may be long, is not walked just to see that it is none.
  if (const std::size_t first = body.find_first_not_of(" \t\r\n");
      first == std::string_view::npos || body[first] != '{')
    return std::nullopt;
  Body reading{body};
  Members members{error_names};
  if (!reading.is_object() || reading.read_object(members)) return std::nullopt;
  const JsonScalar& code_field = members["code"];
  if (code_field.is_empty()) return std::nullopt;
  ExchangeError error;
  int code = 0;
  const char* end = code_field.text.data() + code_field.text.size();
  if (std::from_chars(code_field.text.data(), end, code).ec == std::errc{}) error.code = code;
  if (error.code == code_success) return std::nullopt;
  if (members["msg"].kind == JsonScalar::Kind::text) error.message = safe_text(members["msg"].text);
  return error;
}

// "Way too many requests; IP(…) banned until 1788319856878. Please …"
std::optional<WallTime> read_ban(std::string_view message) {
  constexpr std::string_view words = "banned until ";
  const std::size_t at = message.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  message.remove_prefix(at + words.size());
  const std::size_t size = std::min(message.find_first_not_of("0123456789"), message.size());
  FieldReader reader;
  const auto until =
      reader.optional_time({JsonScalar::Kind::text, message.substr(0, size)}, "until");
  return reader.error() ? std::nullopt : until;
}

// What is said where the exchange says nothing of its own: its walls answer with pages for
// browsers, which are of no use in a log.
std::string message_for(int status) {
  switch (status) {
    case 401: return "not authorized";
    case 403: return "forbidden: the exchange's firewall turned the request away";
    case 404: return "no such path on this host";
    case 418: return "this address is banned for a while";
    case 429: return "too many requests";
    case 451: return "not available from where this host is";
    default: return status >= 500 ? "the exchange has a fault" : "refused without a reason";
  }
}

RestFailure refusal(const RestAnswer& answer, ExchangeError error) {
  RestFailure failure;
  failure.kind = RestFailure::Kind::refused;
  failure.http_status = answer.status;
  failure.code = error.code;
  failure.banned_until = read_ban(error.message);
  failure.message = error.message.empty() ? message_for(answer.status) : std::move(error.message);
  failure.retry_after = answer.retry_after;
  return failure;
}

RestFailure malformed_reply(const RestAnswer& answer, const ParseError& error) {
  RestFailure failure;
  failure.kind = RestFailure::Kind::malformed;
  failure.http_status = answer.status;
  failure.message = to_string(error);
  return failure;
}

}  // namespace

RestReply parse_reply(Endpoint endpoint, const RestAnswer& answer) {
  const bool is_success = answer.status >= 200 && answer.status < 300;
  auto error = read_exchange_error(answer.body);
  if (error || !is_success) return refusal(answer, error ? std::move(*error) : ExchangeError{});
  Read reply = read_success(endpoint, answer.body);
  if (!reply) return malformed_reply(answer, reply.error());
  return std::move(*reply);
}

}  // namespace bridge
