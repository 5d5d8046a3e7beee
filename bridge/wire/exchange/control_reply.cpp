#include "bridge/wire/exchange/control_reply.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "bridge/core/values/secret.hpp"
#include "bridge/wire/text/safe_text.hpp"

namespace bridge::json {
namespace {

// We send whole numbers; whatever else comes back is not an answer to one of ours.
std::optional<std::uint64_t> read_id(const JsonScalar& scalar) {
  std::uint64_t id = 0;
  const char* end = scalar.text.data() + scalar.text.size();
  const auto [stop, error] = std::from_chars(scalar.text.data(), end, id);
  if (scalar.text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return id;
}

void read_error_field(ControlReply& reply, std::string_view key, const JsonScalar& scalar) {
  if (key == "code") {
    int code = 0;
    const char* end = scalar.text.data() + scalar.text.size();
    // An error whose code cannot be read is still an error.
    if (std::from_chars(scalar.text.data(), end, code).ec != std::errc{}) code = -1;
    reply.error_code = code;
  } else if (key == "msg" && scalar.kind == JsonScalar::Kind::text) {
    reply.error_message = safe_text(scalar.text);
  }
}

Complaint read_error(ControlReply& reply, ondemand::value value, TextEnd end) {
  const JsonScalar scalar = scalar_of(value, end);
  if (scalar.is_empty()) return std::nullopt;
  reply.error_code = -1;
  ondemand::object object;
  if (value.get_object().get(object)) return unexpected_shape("error", "not an object");
  return for_each_field(object, end, [&](std::string_view key, ondemand::value member) {
    read_error_field(reply, key, scalar_of(member, end));
    return Complaint{};
  });
}

// A list of streams, or null or true, which both mean success.
Complaint read_result(ControlReply& reply, ondemand::value value, TextEnd end) {
  ondemand::json_type type;
  if (value.type().get(type)) return malformed();
  if (type != ondemand::json_type::array) return std::nullopt;
  ondemand::array array;
  if (value.get_array().get(array)) return malformed();
  auto& streams = reply.streams.emplace();
  return for_each_element(array, [&](ondemand::value element) -> Complaint {
    const JsonScalar scalar = scalar_of(element, end);
    if (scalar.kind != JsonScalar::Kind::text)
      return unexpected_shape("result", "not a list of strings");
    streams.emplace_back(std::string{scalar.text});
    return std::nullopt;
  });
}

}  // namespace

bool marks_control_reply(std::string_view key) {
  return key == "result" || key == "error" || key == "code" || key == "id";
}

Result<ControlReply, ParseError> read_control_reply(ondemand::object& object, TextEnd end) {
  ControlReply reply;
  const Complaint complaint =
      for_each_field(object, end, [&](std::string_view key, ondemand::value value) -> Complaint {
        if (key == "id") {
          reply.id = read_id(scalar_of(value, end));
          return std::nullopt;
        }
        if (key == "result") return read_result(reply, value, end);
        if (key == "error") return read_error(reply, value, end);
        read_error_field(reply, key, scalar_of(value, end));
        return std::nullopt;
      });
  if (complaint) return Failure<ParseError>{*complaint};
  return reply;
}

}  // namespace bridge::json
