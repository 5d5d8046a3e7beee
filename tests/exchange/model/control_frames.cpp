#include "tests/exchange/model/control_frames.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "tests/exchange/model/json_writer.hpp"

namespace exchange {
namespace {

using nlohmann::json;

// The exchange's own error numbers for control frames.
enum class FrameError {
  unknown_property = 0,
  bad_value = 1,
  invalid_request = 2,
  invalid_json = 3,
  too_many_streams = 4
};

std::string error_reply(FrameError code, std::string_view message, std::string_view id) {
  std::string reply;
  JsonWriter(reply)
      .begin_object()
      .key("error")
      .begin_object()
      .field("code", static_cast<int>(code))
      .field("msg", message)
      .end_object()
      .key("id")
      .raw(id)
      .end_object();
  return reply;
}

std::string result_reply(std::string_view result, std::string_view id) {
  std::string reply;
  JsonWriter(reply).begin_object().key("result").raw(result).key("id").raw(id).end_object();
  return reply;
}

/// A request whose shape has been checked.
struct Request {
  std::string method;
  std::string id;  // as JSON, to be echoed
  json parameters = {};
};

bool all_strings(const json& list) {
  return list.is_array() &&
         std::all_of(list.begin(), list.end(), [](const json& name) { return name.is_string(); });
}

ControlOutcome reply_only(std::string text) {
  return {.reply = std::move(text)};
}

ControlOutcome subscribe(Connection& connection, World& world, const Request& request, UnixMs now) {
  const auto most = static_cast<std::size_t>(world.rules.streams_per_connection_max);
  for (const json& name : request.parameters) {
    if (connection.stream_count() >= most) {
      world.statistics.broke(Violation::stream_count);
      return {
          .reply = error_reply(FrameError::too_many_streams, "Too many subscriptions", request.id),
          .close_code = 1008,
          .close_reason = "Too many subscriptions"};
    }
    connection.subscribe(name.get_ref<const std::string&>(), world, now);
  }
  return reply_only(result_reply("null", request.id));
}

ControlOutcome list(const Connection& connection, const World& world, const Request& request) {
  std::string names;
  JsonWriter writer(names);
  writer.begin_array();
  if (world.rules.list_subscriptions == Rules::Listing::streams) {
    for (const std::string& name : connection.list_subscriptions()) writer.text(name);
  }
  writer.end_array();
  return reply_only(result_reply(names, request.id));
}

ControlOutcome set_property(Connection& connection, const Request& request) {
  const json& parameters = request.parameters;
  if (!parameters.is_array() || parameters.size() != 2) {
    return reply_only(error_reply(FrameError::invalid_request,
                                  "Invalid request: wrong number of parameters", request.id));
  }
  if (parameters[0] != "combined") {
    return reply_only(error_reply(FrameError::unknown_property, "Unknown property", request.id));
  }
  if (!parameters[1].is_boolean()) {
    return reply_only(
        error_reply(FrameError::bad_value, "Invalid value type: expected Boolean", request.id));
  }
  connection.set_framing(parameters[1].get<bool>() ? Framing::combined : Framing::raw);
  return reply_only(result_reply("null", request.id));
}

ControlOutcome get_property(const Connection& connection, const Request& request) {
  const json& parameters = request.parameters;
  if (!parameters.is_array() || parameters.size() != 1 || parameters[0] != "combined") {
    return reply_only(error_reply(FrameError::unknown_property, "Unknown property", request.id));
  }
  const bool combined = connection.framing() == Framing::combined;
  return reply_only(result_reply(combined ? "true" : "false", request.id));
}

ControlOutcome dispatch(Connection& connection, World& world, const Request& request, UnixMs now) {
  if (request.method == "LIST_SUBSCRIPTIONS") return list(connection, world, request);
  if (request.method == "SET_PROPERTY") return set_property(connection, request);
  if (request.method == "GET_PROPERTY") return get_property(connection, request);
  if (!all_strings(request.parameters)) {
    return reply_only(error_reply(FrameError::invalid_request,
                                  "Invalid request: params must be an array of strings",
                                  request.id));
  }
  if (request.method == "SUBSCRIBE") return subscribe(connection, world, request, now);
  for (const json& name : request.parameters) {
    connection.unsubscribe(name.get_ref<const std::string&>());
  }
  return reply_only(result_reply("null", request.id));
}

bool is_known_method(std::string_view method) {
  return method == "SUBSCRIBE" || method == "UNSUBSCRIBE" || method == "LIST_SUBSCRIPTIONS" ||
         method == "SET_PROPERTY" || method == "GET_PROPERTY";
}

}  // namespace

ControlOutcome handle_control_frame(Connection& connection, World& world, std::string_view text,
                                    UnixMs now) {
  json frame = json::parse(text, nullptr, false);
  if (frame.is_discarded()) {
    return reply_only(error_reply(FrameError::invalid_json,
                                  "Invalid JSON: expected value at line 1 column 1", "null"));
  }
  if (!frame.is_object() || !frame.contains("method") || !frame["method"].is_string()) {
    return reply_only(error_reply(FrameError::invalid_request,
                                  "Invalid request: missing field `method`", "null"));
  }
  Request request{.method = std::move(frame["method"].get_ref<std::string&>()), .id = "null"};
  if (frame.contains("id")) {
    const json& id = frame["id"];
    if (!id.is_number_unsigned() && !id.is_string() && !id.is_null()) {
      return reply_only(error_reply(FrameError::invalid_request,
                                    "Invalid request: request ID must be an unsigned integer",
                                    "null"));
    }
    request.id = id.is_number_unsigned() ? std::to_string(id.get<std::uint64_t>()) : id.dump();
  }
  if (frame.contains("params")) request.parameters = std::move(frame["params"]);
  if (!is_known_method(request.method)) {
    ++world.statistics.frames_by_method["unknown"];
    return reply_only(
        error_reply(FrameError::invalid_request, "Invalid request: unknown method", request.id));
  }
  ++world.statistics.frames_by_method[request.method];
  return dispatch(connection, world, request, now);
}

}  // namespace exchange
