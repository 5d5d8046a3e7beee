#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// What is asked about an account over REST. The exchange answers each in more than one way.
enum class Question : std::uint8_t { positions, settings, position_mode };

std::string_view to_string(Question question);

// Which endpoint of one environment answers a question: the best that the exchange has. One that
// it does not have is left alone for limits::gone_endpoint_pause, by all accounts.
//
// | question      | first            | then               | then         |
// | positions     | position_risk    | position_risk_v2   | account_v2   |
// | settings      | symbol_config    | position_risk_v2   | unknown      |
// | position_mode | account_config   | position_side_dual | what the positions show |
class EndpointDirectory {
 public:
  // Nothing: the exchange has none. Positions are asked for in any case.
  std::optional<Endpoint> endpoint_for(Question question, MonotonicTime now) const;
  // The exchange has no such path. True if that is news.
  bool note_gone(Endpoint endpoint, MonotonicTime now);

 private:
  bool is_gone(Endpoint endpoint, MonotonicTime now) const;

  std::array<MonotonicTime, endpoint_count> gone_until_{};
};

}  // namespace bridge
