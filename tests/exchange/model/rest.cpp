#include "tests/exchange/model/rest.hpp"

#include <charconv>

#include "tests/exchange/model/json_writer.hpp"
#include "tests/exchange/model/rest_endpoints.hpp"

namespace exchange {
namespace {

constexpr UnixMs default_receive_window_ms = 5'000;
constexpr UnixMs longest_receive_window_ms = 60'000;
constexpr UnixMs timestamp_ahead_max_ms = 1'000;

/// Only a malformed number is told apart from a missing one by the caller.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

HttpResponse refused_for_weight(World& world, const RequestWeight::Decision& decision,
                                std::string_view address, UnixMs now) {
  const bool banned = decision.verdict == WeightVerdict::banned;
  world.statistics.broke(banned ? Violation::request_while_banned : Violation::request_weight);
  const std::string message =
      banned ? "Way too many requests; IP(" + std::string(address) + ") banned until " +
                   std::to_string(world.clock(decision.retry_at)) +
                   ". Please use the websocket for live updates to avoid bans."
             : "Too many requests; current limit is " +
                   std::to_string(world.rules.weight_per_minute_max) +
                   " requests per minute. Please use the websocket for live updates to avoid "
                   "polling the API.";
  HttpResponse response = error_response(banned ? 418 : 429, -1003, message);
  const UnixMs seconds = (decision.retry_at - now + second_ms - 1) / second_ms;
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

/// Refuses a key that is missing, misshapen or unknown; both codes come with HTTP 401.
Result<Member*> authenticate(World& world, const std::string& api_key) {
  if (api_key.empty() || api_key.find_first_of(" \t\"'<>") != std::string::npos) {
    world.statistics.broke(Violation::unknown_api_key);
    return refuse(-2014, "API-key format invalid.");
  }
  Member* const member = world.find_by_api_key(api_key);
  if (member != nullptr) return member;
  world.statistics.broke(Violation::unknown_api_key);
  return refuse(-2015, "Invalid API-key, IP, or permissions for action.");
}

tl::unexpected<Refusal> missing_parameter(World& world, std::string_view name) {
  world.statistics.broke(Violation::missing_parameter);
  return refuse(-1102, "Mandatory parameter '" + std::string(name) +
                           "' was not sent, was empty/null, or malformed.");
}

/// `now` is what the exchange's clock shows.
Result<bool> check_timestamp(World& world, const std::vector<Parameter>& parameters, UnixMs now) {
  const auto timestamp = parse_integer(find_parameter(parameters, "timestamp").value_or(""));
  if (!timestamp) return missing_parameter(world, "timestamp");
  UnixMs window = default_receive_window_ms;
  if (const auto asked = find_parameter(parameters, "recvWindow")) {
    const auto parsed = parse_integer(*asked);
    if (!parsed || *parsed < 0) return missing_parameter(world, "recvWindow");
    if (*parsed > longest_receive_window_ms) {
      return refuse(-1131, "recvWindow must be less than 60000");
    }
    window = *parsed;
  }
  if (world.rules.timestamps == Timestamps::ignored) return true;
  if (*timestamp >= now + timestamp_ahead_max_ms) {
    world.statistics.broke(Violation::timestamp);
    return refuse(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (now - *timestamp > window) {
    world.statistics.broke(Violation::timestamp);
    return refuse(-1021, "Timestamp for this request is outside of the recvWindow.");
  }
  return true;
}

Result<bool> check_signature(World& world, const Member& member, const HttpRequest& request,
                             const std::vector<Parameter>& parameters) {
  const auto signature = find_parameter(parameters, "signature");
  if (!signature || signature->empty()) return missing_parameter(world, "signature");
  const std::string payload = signed_payload(split_target(request.target).query, request.body);
  if (member.verifier.verify(payload, *signature)) return true;
  world.statistics.broke(Violation::bad_signature);
  return refuse(-1022, "Signature for this request is not valid.");
}

RestAttempt attempt_of(const World& world, const HttpRequest& request) {
  const Member* const owner = world.find_by_api_key(request.api_key);
  return {.method = request.method,
          .path = split_target(request.target).path,
          .account = owner == nullptr ? std::string_view() : owner->name};
}

Result<Member*> admit(World& world, const Endpoint& endpoint, const HttpRequest& request,
                      const std::vector<Parameter>& parameters, UnixMs now) {
  if (endpoint.security == Security::none) return nullptr;
  const Result<Member*> member = authenticate(world, request.api_key);
  if (!member || endpoint.security == Security::user_stream) return member;
  if (const auto timestamp = check_timestamp(world, parameters, world.clock(now)); !timestamp) {
    return tl::unexpected(timestamp.error());
  }
  if (const auto signature = check_signature(world, **member, request, parameters); !signature) {
    return tl::unexpected(signature.error());
  }
  return member;
}

HttpResponse refusal_response(World& world, const Refusal& refusal) {
  ++world.statistics.errors[refusal.code];
  const bool unauthorized = refusal.code == -2014 || refusal.code == -2015;
  return error_response(unauthorized ? 401 : 400, refusal.code, refusal.message);
}

HttpResponse fault_response(World& world, const Fault& fault) {
  if (fault.kind == FaultKind::too_many_requests) {
    ++world.statistics.errors[-1003];
    HttpResponse response =
        error_response(429, -1003, "Too many requests; please use the websocket for live updates.");
    const UnixMs left = fault.duration_ms == 0 ? minute_ms : fault.duration_ms;
    response.headers.emplace_back("Retry-After",
                                  std::to_string((left + second_ms - 1) / second_ms));
    return response;
  }
  ++world.statistics.errors[fault.code];
  const std::string_view message =
      fault.message.empty() ? "Internal error; unable to process your request. Please try again."
                            : std::string_view(fault.message);
  return error_response(fault.http_status == 0 ? 503 : fault.http_status, fault.code, message);
}

HttpResponse answer_admitted(World& world, const HttpRequest& request, const Endpoint* endpoint,
                             const std::vector<Parameter>& parameters, UnixMs now) {
  const std::string_view path = split_target(request.target).path;
  const RestAttempt attempt = attempt_of(world, request);
  if (const std::optional<Fault> fault = world.faults.on_request(attempt, now)) {
    return fault_response(world, *fault);
  }
  if (endpoint == nullptr) {
    world.statistics.broke(Violation::unknown_path);
    return error_response(
        404, -5000, "Path " + std::string(path) + ", Method " + request.method + " is invalid");
  }
  const Result<Member*> member = admit(world, *endpoint, request, parameters, now);
  if (!member) return refusal_response(world, member.error());
  Call call{.world = world,
            .member = *member,
            .account = *member == nullptr ? nullptr : &(*member)->account,
            .parameters = parameters,
            .now = now};
  std::optional<Account> older;
  if (endpoint->security == Security::signed_request) {
    const UnixMs lag = world.faults.answer_lag(attempt, now);
    if (lag > 0) call.account = &older.emplace((*member)->past.at((*member)->account, lag, now));
  }
  Result<std::string> body = endpoint->answer(call);
  if (!body) return refusal_response(world, body.error());
  return {.status = 200, .body = std::move(*body)};
}

}  // namespace

HttpResponse error_response(int status, int code, std::string_view message) {
  HttpResponse response{.status = status};
  JsonWriter(response.body).begin_object().field("code", code).field("msg", message).end_object();
  return response;
}

HttpResponse answer_request(World& world, const HttpRequest& request, UnixMs now) {
  const auto [path, query] = split_target(request.target);
  std::vector<Parameter> parameters = parse_query(query);
  for (Parameter& parameter : parse_query(request.body)) {
    parameters.push_back(std::move(parameter));
  }
  const Endpoint* const endpoint = find_endpoint(request.method, path);
  world.statistics.asked(endpoint == nullptr ? "unknown"
                                             : request.method + " " + std::string(path));
  int weight = 1;
  if (endpoint != nullptr) {
    const bool one_symbol = find_parameter(parameters, "symbol").has_value();
    weight = one_symbol ? endpoint->weight : endpoint->weight_without_symbol;
  }
  const RequestWeight::Decision decision = world.weight.charge(request.address, weight, now);
  HttpResponse response = decision.verdict == WeightVerdict::allowed
                              ? answer_admitted(world, request, endpoint, parameters, now)
                              : refused_for_weight(world, decision, request.address, now);
  response.headers.emplace_back("X-MBX-USED-WEIGHT-1M", std::to_string(decision.used_in_minute));
  response.delay_ms = world.faults.answer_delay(attempt_of(world, request), now);
  return response;
}

}  // namespace exchange
