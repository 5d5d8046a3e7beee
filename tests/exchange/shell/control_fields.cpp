#include "tests/exchange/shell/control_fields.hpp"

#include "tests/exchange/shell/scenario_file.hpp"

namespace exchange {
namespace {

[[noreturn]] void complain(std::string_view name, std::string_view problem) {
  throw ControlError("\"" + std::string(name) + "\" " + std::string(problem));
}

}  // namespace

ControlFields::ControlFields(const std::string& body) {
  if (body.empty()) {
    body_ = nlohmann::json::object();
    return;
  }
  body_ = nlohmann::json::parse(body, nullptr, false);
  if (!body_.is_object()) throw ControlError("the body must be a JSON object");
}

const nlohmann::json* ControlFields::find(std::string_view name) const {
  const auto found = body_.find(std::string(name));
  return found == body_.end() ? nullptr : &*found;
}

const nlohmann::json& ControlFields::get(std::string_view name) const {
  const nlohmann::json* const value = find(name);
  if (value == nullptr) complain(name, "is needed");
  return *value;
}

std::string ControlFields::text(std::string_view name) const {
  const nlohmann::json& value = get(name);
  if (!value.is_string()) complain(name, "must be a string");
  return value;
}

std::string ControlFields::text_or(std::string_view name, std::string_view otherwise) const {
  return find(name) == nullptr ? std::string(otherwise) : text(name);
}

std::int64_t ControlFields::integer(std::string_view name) const {
  const nlohmann::json& value = get(name);
  if (!value.is_number_integer()) complain(name, "must be a whole number");
  return value;
}

std::int64_t ControlFields::integer_or(std::string_view name, std::int64_t otherwise) const {
  return find(name) == nullptr ? otherwise : integer(name);
}

bool ControlFields::flag(std::string_view name) const {
  const nlohmann::json& value = get(name);
  if (!value.is_boolean()) complain(name, "must be true or false");
  return value;
}

Amount ControlFields::amount(std::string_view name) const {
  const nlohmann::json& value = get(name);
  if (value.is_number_integer()) return Amount::whole(value.get<std::int64_t>());
  const std::optional<Amount> parsed =
      value.is_string() ? Amount::parse(value.get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) complain(name, "must be a decimal number in quotes");
  return *parsed;
}

std::optional<Amount> ControlFields::optional_amount(std::string_view name) const {
  if (find(name) == nullptr) return std::nullopt;
  return amount(name);
}

std::vector<std::string> ControlFields::texts(std::string_view name) const {
  std::vector<std::string> values;
  const nlohmann::json* const list = find(name);
  if (list == nullptr) return values;
  if (!list->is_array()) complain(name, "must be a list of strings");
  for (const nlohmann::json& value : *list) {
    if (!value.is_string()) complain(name, "must be a list of strings");
    values.push_back(value);
  }
  return values;
}

UnixMs ControlFields::duration_or(std::string_view name, UnixMs otherwise) const {
  const nlohmann::json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer()) return *value;
  const std::optional<UnixMs> parsed =
      value->is_string() ? parse_duration(value->get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) complain(name, "must be a duration like \"30s\", or milliseconds");
  return *parsed;
}

UnixMs ControlFields::offset_or(std::string_view name, UnixMs otherwise) const {
  const nlohmann::json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer()) return *value;
  const std::optional<UnixMs> parsed =
      value->is_string() ? parse_offset(value->get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) complain(name, "must be a duration like \"-3s\", or milliseconds");
  return *parsed;
}

std::map<std::string, int> ControlFields::weights(std::string_view name) const {
  std::map<std::string, int> weights;
  const nlohmann::json* const table = find(name);
  if (table == nullptr) return weights;
  if (!table->is_object()) complain(name, "must be an object of whole numbers");
  for (const auto& [key, value] : table->items()) {
    if (!value.is_number_unsigned() || value > 1'000'000) {
      complain(name, "must be an object of whole numbers");
    }
    weights[key] = value;
  }
  return weights;
}

}  // namespace exchange
