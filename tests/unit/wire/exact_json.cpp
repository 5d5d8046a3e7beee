#include "tests/unit/wire/exact_json.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace bridge::test {
namespace {

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return add({}); }
  bool boolean(bool value) override {
    return add({ExactJson::Kind::boolean, value ? "true" : "false", {}, {}});
  }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& text) override { return add(ExactJson::of_text(text)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(ExactJson::Kind::object); }
  bool key(string_t& name) override {
    stack_.back().members.emplace_back(name, ExactJson{});
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(ExactJson::Kind::list); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  ExactJson root;

 private:
  bool number(const std::string& text) { return add(ExactJson::of_number(text)); }
  bool open(ExactJson::Kind kind) {
    stack_.push_back({kind, {}, {}, {}});
    return true;
  }
  bool close() {
    ExactJson closed = std::move(stack_.back());
    stack_.pop_back();
    return add(std::move(closed));
  }
  bool add(ExactJson value) {
    if (stack_.empty()) {
      root = std::move(value);
    } else if (stack_.back().kind == ExactJson::Kind::object) {
      stack_.back().members.back().second = std::move(value);
    } else {
      stack_.back().elements.push_back(std::move(value));
    }
    return true;
  }

  std::vector<ExactJson> stack_;
};

// Calls `change_here(node, path)` for every node below `node`; `node` may be changed and must be
// put back.
void walk(ExactJson& node, const std::string& path,
          const std::function<void(ExactJson&, const std::string&)>& change_here) {
  change_here(node, path);
  const std::string prefix = path.empty() ? "" : path + ".";
  for (auto& [name, member] : node.members) walk(member, prefix + name, change_here);
  for (std::size_t i = 0; i < node.elements.size(); ++i)
    walk(node.elements[i], prefix + std::to_string(i), change_here);
}

}  // namespace

const ExactJson* ExactJson::find(std::string_view key) const {
  for (const auto& [name, member] : members) {
    if (name == key) return &member;
  }
  return nullptr;
}

const ExactJson& ExactJson::at(std::string_view key) const {
  const ExactJson* found = find(key);
  if (found == nullptr) std::abort();
  return *found;
}

ExactJson ExactJson::of_text(std::string_view text) {
  return {Kind::text, std::string{text}, {}, {}};
}

ExactJson ExactJson::of_number(std::string_view text) {
  return {Kind::number, std::string{text}, {}, {}};
}

std::optional<ExactJson> parse_exactly(std::string_view json) {
  TreeBuilder builder;
  if (!nlohmann::json::sax_parse(json, &builder)) return std::nullopt;
  return std::move(builder.root);
}

std::string write_exactly(const ExactJson& value) {
  switch (value.kind) {
    case ExactJson::Kind::null: return "null";
    case ExactJson::Kind::boolean:
    case ExactJson::Kind::number: return value.text;
    case ExactJson::Kind::text: return nlohmann::json(value.text).dump();
    case ExactJson::Kind::list: break;
    case ExactJson::Kind::object: break;
  }
  const bool is_list = value.kind == ExactJson::Kind::list;
  std::string json{is_list ? '[' : '{'};
  const auto separate = [&] {
    if (json.size() > 1) json += ',';
  };
  for (const ExactJson& element : value.elements) {
    separate();
    json += write_exactly(element);
  }
  for (const auto& [name, member] : value.members) {
    separate();
    json.append(nlohmann::json(name).dump()).append(":").append(write_exactly(member));
  }
  return json += is_list ? ']' : '}';
}

std::string normalized_number(std::string_view text) {
  std::string digits;
  long point = -1;  // how many digits stand before the point
  std::size_t i = 0;
  const bool is_negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') i = 1;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      point = static_cast<long>(digits.size());
    } else {
      digits += text[i];
    }
  }
  if (point < 0) point = static_cast<long>(digits.size());
  if (i < text.size()) point += std::atol(std::string{text.substr(i + 1)}.c_str());
  while (point > static_cast<long>(digits.size())) digits += '0';
  while (point < 1) {
    digits.insert(0, 1, '0');
    ++point;
  }
  std::string whole = digits.substr(0, static_cast<std::size_t>(point));
  std::string fraction = digits.substr(static_cast<std::size_t>(point));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  const std::string plain = fraction.empty() ? whole : whole + "." + fraction;
  return is_negative && plain != "0" ? std::string{"-"}.append(plain) : plain;
}

void for_each_replacement(const ExactJson& original,
                          const std::function<ExactJson(const ExactJson&)>& replace,
                          const std::function<void(const ExactJson&, const std::string&)>& visit) {
  ExactJson changed = original;
  walk(changed, "", [&](ExactJson& node, const std::string& path) {
    ExactJson kept = std::exchange(node, replace(node));
    visit(changed, path);
    node = std::move(kept);
  });
}

void for_each_omission(const ExactJson& original,
                       const std::function<void(const ExactJson&, const std::string&)>& visit) {
  ExactJson changed = original;
  walk(changed, "", [&](ExactJson& node, const std::string& path) {
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      const auto all = node.members;
      node.members.erase(node.members.begin() + static_cast<std::ptrdiff_t>(i));
      visit(changed, (path.empty() ? "" : path + ".") + all[i].first);
      node.members = all;
    }
  });
}

ExactJson with_reversed_members(ExactJson value) {
  std::reverse(value.members.begin(), value.members.end());
  for (auto& [name, member] : value.members) member = with_reversed_members(std::move(member));
  for (ExactJson& element : value.elements) element = with_reversed_members(std::move(element));
  return value;
}

}  // namespace bridge::test
