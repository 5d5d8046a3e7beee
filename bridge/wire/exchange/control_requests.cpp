#include "bridge/wire/exchange/control_requests.hpp"

#include <algorithm>
#include <array>

#include "bridge/core/values/assert.hpp"
#include "bridge/wire/exchange/percent_encoding.hpp"
#include "bridge/wire/text/json_text.hpp"

namespace bridge {
namespace {

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string request_about(std::string_view method, std::span<const std::string> streams,
                          std::uint64_t id) {
  std::string request = R"({"method":")";
  request.append(method).append(R"(","params":[)");
  for (const std::string& stream : streams) {
    if (request.back() != '[') request += ',';
    append_json_string(request, stream);
  }
  request.append(R"(],"id":)").append(std::to_string(id)).append("}");
  return request;
}

}  // namespace

std::string mark_price_stream_name(std::string_view symbol, MarkPriceInterval interval) {
  std::string name{symbol};
  std::transform(name.begin(), name.end(), name.begin(), ascii_lower);
  name += "@markPrice";
  if (interval == MarkPriceInterval::one_second) name += "@1s";
  return name;
}

std::string_view all_mark_prices_stream_name(MarkPriceInterval interval) {
  return interval == MarkPriceInterval::one_second ? "!markPrice@arr@1s" : "!markPrice@arr";
}

std::vector<std::string> mark_price_stream_names(const effect::ChangeSubscriptions& change,
                                                 MarkPriceInterval interval) {
  if (change.all_symbols) return {std::string{all_mark_prices_stream_name(interval)}};
  std::vector<std::string> names;
  for (const std::string& symbol : change.symbols)
    names.push_back(mark_price_stream_name(symbol, interval));
  return names;
}

std::string subscribe_request(std::span<const std::string> streams, std::uint64_t id) {
  return request_about("SUBSCRIBE", streams, id);
}

std::string unsubscribe_request(std::span<const std::string> streams, std::uint64_t id) {
  return request_about("UNSUBSCRIBE", streams, id);
}

std::string list_subscriptions_request(std::uint64_t id) {
  return R"({"method":"LIST_SUBSCRIPTIONS","id":)" + std::to_string(id) + "}";
}

Secret user_stream_target(UserStreamForm form, const Secret& listen_key) {
  const std::string key = percent_encoded(listen_key.reveal());
  switch (form) {
    case UserStreamForm::events:
      return Secret{"/ws?listenKey=" + key +
                    "&events=ACCOUNT_UPDATE/ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/listenKeyExpired"};
    case UserStreamForm::subscribe: return Secret{"/stream"};
    case UserStreamForm::path: return Secret{"/ws/" + key};
  }
  BRIDGE_UNREACHABLE("not a UserStreamForm");
}

Secret user_stream_subscribe_request(const Secret& listen_key, std::uint64_t id) {
  const std::array streams{std::string{listen_key.reveal()}};
  return Secret{subscribe_request(streams, id)};
}

}  // namespace bridge
