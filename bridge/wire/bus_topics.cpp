#include "bridge/wire/bus_topics.hpp"

#include <algorithm>

#include "bridge/wire/utf8.hpp"

namespace bridge {
namespace {

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

std::string account_status_topic(std::string_view account) {
  return "account.status." + topic_part(account);
}

}  // namespace bridge
