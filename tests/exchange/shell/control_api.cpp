#include "tests/exchange/shell/control_api.hpp"

#include <array>
#include <string>

#include "tests/exchange/model/query.hpp"
#include "tests/exchange/shell/control_fields.hpp"
#include "tests/exchange/shell/control_views.hpp"

namespace exchange {
namespace {

struct ControlCall {
  Exchange& exchange;
  const ControlHooks& hooks;
  const ControlFields& fields;
  UnixMs now;
};

template <typename Value>
const Value& accepted(const Result<Value>& result) {
  if (!result) {
    throw ControlError(result.error().message + " (" + std::to_string(result.error().code) + ")");
  }
  return *result;
}

template <typename Enum, std::size_t count>
Enum one_of(const ControlFields& fields, std::string_view name, std::string_view otherwise,
            const std::array<std::pair<std::string_view, Enum>, count>& words) {
  const std::string given = otherwise.empty() ? fields.text(name) : fields.text_or(name, otherwise);
  for (const auto& [word, value] : words) {
    if (word == given) return value;
  }
  throw ControlError("\"" + std::string(name) + "\" cannot be \"" + given + "\"");
}

constexpr std::array<std::pair<std::string_view, PositionSide>, 3> position_sides = {
    {{"BOTH", PositionSide::both},
     {"LONG", PositionSide::long_leg},
     {"SHORT", PositionSide::short_leg}}};
constexpr std::array<std::pair<std::string_view, OrderSide>, 2> order_sides = {
    {{"BUY", OrderSide::buy}, {"SELL", OrderSide::sell}}};
constexpr std::array<std::pair<std::string_view, OrderCause>, 3> order_causes = {
    {{"user", OrderCause::user},
     {"liquidation", OrderCause::liquidation},
     {"adl", OrderCause::auto_deleveraging}}};
constexpr std::array<std::pair<std::string_view, MarginType>, 2> margin_types = {
    {{"cross", MarginType::cross}, {"isolated", MarginType::isolated}}};
constexpr std::array<std::pair<std::string_view, PositionMode>, 2> position_modes = {
    {{"one-way", PositionMode::one_way}, {"hedge", PositionMode::hedge}}};
constexpr std::array<std::pair<std::string_view, FaultScope>, 3> fault_scopes = {
    {{"everything", FaultScope::everything},
     {"market", FaultScope::market_connections},
     {"user", FaultScope::user_connections}}};
constexpr std::array<std::pair<std::string_view, Malformation>, 3> malformations = {
    {{"broken_json", Malformation::broken_json},
     {"missing_field", Malformation::missing_field},
     {"unknown_event", Malformation::unknown_event}}};

const Member& member_of(const ControlCall& call, const std::string& name) {
  const Member* const member = call.exchange.world().find_member(name);
  if (member == nullptr) throw ControlError("there is no account \"" + name + "\"");
  return *member;
}

OrderedJson receipt_view(const ControlCall& call, const std::string& account,
                         const TradeReceipt& receipt) {
  const World& world = call.exchange.world();
  return {{"time", receipt.time},
          {"price", receipt.price.text()},
          {"position",
           position_view(world, member_of(call, account).account, receipt.key, receipt.position)}};
}

OrderedJson trade(const ControlCall& call) {
  const ControlFields& fields = call.fields;
  const std::string account = fields.text("account");
  const TradeOrder order{.symbol = fields.text("symbol"),
                         .side = one_of(fields, "side", "", order_sides),
                         .position_side = one_of(fields, "position_side", "BOTH", position_sides),
                         .quantity = fields.amount("quantity"),
                         .price = fields.optional_amount("price"),
                         .cause = one_of(fields, "cause", "user", order_causes)};
  return receipt_view(call, account, accepted(call.exchange.trade(account, order, call.now)));
}

OrderedJson close(const ControlCall& call) {
  const ControlFields& fields = call.fields;
  const std::string account = fields.text("account");
  const std::string symbol = fields.text("symbol");
  const PositionSide side = one_of(fields, "position_side", "BOTH", position_sides);
  const std::optional<SymbolId> id = call.exchange.world().symbols.find(symbol);
  if (!id) throw ControlError("there is no symbol \"" + symbol + "\"");
  const Amount held = member_of(call, account).account.position({*id, side}).amount;
  if (held.is_zero()) throw ControlError("there is no such position");
  const TradeOrder order{.symbol = symbol,
                         .side = held.sign() > 0 ? OrderSide::sell : OrderSide::buy,
                         .position_side = side,
                         .quantity = held.absolute(),
                         .price = fields.optional_amount("price"),
                         .cause = one_of(fields, "cause", "user", order_causes)};
  return receipt_view(call, account, accepted(call.exchange.trade(account, order, call.now)));
}

OrderedJson funding(const ControlCall& call) {
  call.exchange.pay_funding(call.now);
  return {{"time", call.now}};
}

OrderedJson leverage(const ControlCall& call) {
  const int value = accepted(
      call.exchange.set_leverage(call.fields.text("account"), call.fields.text("symbol"),
                                 static_cast<int>(call.fields.integer("leverage")), call.now));
  return {{"time", call.now}, {"leverage", value}};
}

OrderedJson margin_type(const ControlCall& call) {
  accepted(call.exchange.set_margin_type(call.fields.text("account"), call.fields.text("symbol"),
                                         one_of(call.fields, "margin_type", "", margin_types),
                                         call.now));
  return {{"time", call.now}};
}

OrderedJson position_mode_change(const ControlCall& call) {
  accepted(call.exchange.set_mode(call.fields.text("account"),
                                  one_of(call.fields, "mode", "", position_modes), call.now));
  return {{"time", call.now}};
}

OrderedJson deposit(const ControlCall& call) {
  const Amount wallet = accepted(call.exchange.deposit(call.fields.text("account"),
                                                       call.fields.text_or("asset", "USDT"),
                                                       call.fields.amount("amount"), call.now));
  return {{"time", call.now}, {"wallet", wallet.text()}};
}

OrderedJson price(const ControlCall& call) {
  World& world = call.exchange.world();
  const std::string name = call.fields.text("symbol");
  const std::optional<SymbolId> symbol = world.symbols.find(name);
  if (!symbol) throw ControlError("there is no symbol \"" + name + "\"");
  if (const std::optional<Amount> mark = call.fields.optional_amount("mark")) {
    if (mark->sign() <= 0) throw ControlError("\"mark\" must be above zero");
    world.prices.set_mark(*symbol, *mark, call.now);
  }
  const MarkPrice& shown = world.prices.at(*symbol, call.now);
  return {{"time", call.now}, {"symbol", name}, {"mark", shown.mark.text()}};
}

FaultKind fault_kind_named(const std::string& name) {
  const std::optional<FaultKind> kind = parse_fault_kind(name);
  if (!kind) throw ControlError("\"" + name + "\" is not a fault that can be simulated");
  return *kind;
}

Fault read_fault(const ControlCall& call) {
  const ControlFields& fields = call.fields;
  Fault fault;
  fault.kind = fault_kind_named(fields.text("kind"));
  fault.scope = one_of(fields, "scope", "everything", fault_scopes);
  fault.account = fields.text_or("account", "");
  if (!fault.account.empty()) member_of(call, fault.account);
  fault.close_code = static_cast<int>(fields.integer_or("close_code", 0));
  fault.reason = fields.text_or("reason", "");
  fault.duration_ms = fields.duration_or("duration", 0);
  fault.count = static_cast<int>(fields.integer_or("count", 0));
  fault.endpoint = fields.text_or("endpoint", "");
  fault.http_status = static_cast<int>(fields.integer_or("http_status", 0));
  fault.code = static_cast<int>(fields.integer_or("code", fault.code));
  fault.message = fields.text_or("message", "");
  fault.address = fields.text_or("address", fault.address);
  fault.delay_ms = fields.duration_or("delay", fault.delay_ms);
  fault.offset_ms = fields.offset_or("offset", 0);
  fault.symbol = fields.text_or("symbol", "");
  fault.event = fields.text_or("event", "");
  fault.percent = static_cast<int>(fields.integer_or("percent", fault.percent));
  fault.form = one_of(fields, "form", "broken_json", malformations);
  return fault;
}

OrderedJson inject(const ControlCall& call) {
  call.exchange.inject(read_fault(call), call.now);
  return {{"time", call.now}};
}

OrderedJson random_faults(const ControlCall& call) {
  const ControlFields& fields = call.fields;
  FaultProfile profile;
  profile.mean_interval_ms = fields.duration_or("mean_interval", 0);
  profile.duration_max_ms = fields.duration_or("duration_max", profile.duration_max_ms);
  profile.delay_max_ms = fields.duration_or("delay_max", profile.delay_max_ms);
  profile.from_ms = fields.duration_or("from", 0);
  profile.until_ms = fields.duration_or("until", never_ms);
  if (fields.has("seed")) profile.seed = static_cast<std::uint64_t>(fields.integer("seed"));
  for (const auto& [name, weight] : fields.weights("weights")) {
    profile.weights[fault_kind_named(name)] = weight;
  }
  call.exchange.set_random_faults(profile, call.now);
  return {{"time", call.now}};
}

OrderedJson clear_faults(const ControlCall& call) {
  call.exchange.clear_faults();
  return {{"time", call.now}};
}

OrderedJson trading(const ControlCall& call) {
  call.exchange.set_trading(call.fields.flag("enabled"), call.now);
  return {{"time", call.now}};
}

OrderedJson add_account(const ControlCall& call) {
  AccountSetup setup;
  setup.name = call.fields.text("name");
  setup.api_key = call.fields.text("api_key");
  setup.verifier = Verifier::from_secret(call.fields.text("api_secret"));
  setup.mode = one_of(call.fields, "mode", "one-way", position_modes);
  setup.setting.leverage = static_cast<int>(call.fields.integer_or("leverage", 20));
  setup.setting.margin_type = one_of(call.fields, "margin_type", "cross", margin_types);
  setup.wallets = {{"USDC", Amount::whole(100'000)}, {"USDT", Amount::whole(100'000)}};
  setup.trading.mean_interval_ms = call.fields.duration_or("mean_interval", 0);
  accepted(call.exchange.add_account(setup, call.now));
  return {{"time", call.now}, {"name", setup.name}};
}

OrderedJson start_flood(const ControlCall& call) {
  std::vector<SymbolId> symbols;
  for (const std::string& name : call.fields.texts("symbols")) {
    const std::optional<SymbolId> symbol = call.exchange.world().symbols.find(name);
    if (!symbol) throw ControlError("there is no symbol \"" + name + "\"");
    symbols.push_back(*symbol);
  }
  const std::int64_t frames = call.fields.integer("frames");
  if (frames < 0) throw ControlError("\"frames\" must not be below zero");
  const std::size_t connections = call.hooks.flood(symbols, static_cast<std::uint64_t>(frames));
  return {{"time", call.now}, {"connections", connections}};
}

OrderedJson flood_progress(const ControlCall& call) {
  return {{"time", call.now}, {"frames_sent", call.hooks.flooded()}};
}

OrderedJson truth(const ControlCall& call) {
  return truth_view(call.exchange, call.now);
}
OrderedJson connections(const ControlCall& call) {
  return connections_view(call.exchange, call.now);
}
OrderedJson requests(const ControlCall& call) {
  return requests_view(call.exchange, call.now);
}
OrderedJson time(const ControlCall& call) {
  return {{"time", call.now}};
}

OrderedJson shutdown(const ControlCall& call) {
  call.hooks.shutdown();
  return {{"time", call.now}};
}

struct Command {
  std::string_view method;
  std::string_view path;
  OrderedJson (*run)(const ControlCall& call);
};

constexpr std::array commands = {
    Command{"GET", "/truth", truth},
    Command{"GET", "/connections", connections},
    Command{"GET", "/requests", requests},
    Command{"GET", "/time", time},
    Command{"GET", "/flood", flood_progress},
    Command{"POST", "/flood", start_flood},
    Command{"POST", "/trade", trade},
    Command{"POST", "/close", close},
    Command{"POST", "/funding", funding},
    Command{"POST", "/leverage", leverage},
    Command{"POST", "/margin-type", margin_type},
    Command{"POST", "/position-mode", position_mode_change},
    Command{"POST", "/deposit", deposit},
    Command{"POST", "/price", price},
    Command{"POST", "/fault", inject},
    Command{"POST", "/faults/random", random_faults},
    Command{"POST", "/faults/clear", clear_faults},
    Command{"POST", "/trading", trading},
    Command{"POST", "/accounts", add_account},
    Command{"POST", "/shutdown", shutdown},
};

HttpResponse json_response(int status, const OrderedJson& body) {
  return {.status = status, .body = body.dump() + "\n"};
}

OrderedJson run(const ControlCall& call, const HttpRequest& request, std::string_view path) {
  constexpr std::string_view account_prefix = "/truth/";
  if (request.method == "GET" && path.starts_with(account_prefix)) {
    const std::string name = percent_decode(path.substr(account_prefix.size()));
    return account_truth_view(call.exchange.world(), member_of(call, name), call.now);
  }
  for (const Command& command : commands) {
    if (command.method == request.method && command.path == path) return command.run(call);
  }
  throw ControlError("there is no " + request.method + " " + std::string(path));
}

}  // namespace

HttpResponse answer_control(Exchange& exchange, const ControlHooks& hooks,
                            const HttpRequest& request, UnixMs now) {
  try {
    const ControlFields fields(request.body);
    exchange.advance(now);
    const ControlCall call{.exchange = exchange, .hooks = hooks, .fields = fields, .now = now};
    return json_response(200, run(call, request, split_target(request.target).path));
  } catch (const ControlError& error) {
    return json_response(400, {{"error", error.what()}});
  }
}

}  // namespace exchange
