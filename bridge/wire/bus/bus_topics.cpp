#include "bridge/wire/bus/bus_topics.hpp"

#include <algorithm>

#include "bridge/wire/text/utf8.hpp"

namespace bridge {
namespace {

constexpr std::size_t nonce_size_min = 16;
constexpr std::size_t nonce_size_max = 32;
constexpr std::size_t scope_size_max = 32;

bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7F || c == '.' || c == '*' || c == '>';
}

}  // namespace

std::string topic_part(std::string_view text) {
  std::string part = valid_utf8(text);
  std::replace_if(part.begin(), part.end(), is_forbidden, '_');
  return part;
}

std::string position_update_topic(std::string_view account, std::string_view symbol,
                                  PositionSide side) {
  std::string topic = "position.update.";
  topic.append(topic_part(account)).append(".").append(topic_part(symbol));
  topic.append(".").append(to_string(side));
  return topic;
}

std::optional<std::string_view> snapshot_scope(std::string_view topic) {
  constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";
  constexpr std::string_view of_names =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (!topic.starts_with(snapshot_topic_prefix)) return std::nullopt;
  topic.remove_prefix(snapshot_topic_prefix.size());
  const std::size_t dot = topic.find('.');
  if (dot == topic.npos) return std::nullopt;
  const std::string_view nonce = topic.substr(0, dot);
  const std::string_view scope = topic.substr(dot + 1);
  const bool is_nonce = nonce.size() >= nonce_size_min && nonce.size() <= nonce_size_max &&
                        nonce.find_first_not_of(hexadecimal) == nonce.npos;
  const bool is_scope = !scope.empty() && scope.size() <= scope_size_max &&
                        scope.find_first_not_of(of_names) == scope.npos;
  if (!is_nonce || !is_scope) return std::nullopt;
  return scope;
}

std::string account_status_topic(std::string_view account) {
  return "account.status." + topic_part(account);
}

}  // namespace bridge
