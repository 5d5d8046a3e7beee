#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/sessions/account_requests.hpp"
#include "bridge/core/sessions/endpoint_directory.hpp"
#include "bridge/core/sessions/position_mode_watch.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// One look at an account over REST: at its positions and, where wanted, at its position mode and
// the settings of its symbols. Asks each question of the endpoint that answers it, and of the next
// one where the exchange turns out not to have that.
class AccountLook {
 public:
  enum class Scope : std::uint8_t { positions, everything };

  // What all looks at one account share. Outlives them.
  struct Context {
    AccountRequests& requests;
    EndpointDirectory& endpoints;
    PositionModeWatch& position_mode;
    Effects& effects;  // for the log
  };

  AccountLook(const Context& context, Urgency urgency) : context_{context}, urgency_{urgency} {}

  // Gives up the one before, if its answers are still due.
  void begin(Scope scope, MonotonicTime now);
  void abandon() { asked_ = {}; }

  bool awaits(RequestNumber request) const;
  bool is_under_way() const;

  // The request, which is awaited, has its answer. Returns what that says, whatever endpoint it
  // comes from: PositionRows, SymbolConfigs or a RestFailure; nothing when another endpoint is
  // asked now, or when it was about the position mode, which the watch has been told.
  std::optional<RestReply> take(RequestNumber request, RestReply reply, MonotonicTime now);

 private:
  struct Asked {
    RequestNumber request = 0;  // 0: none
    Question question = Question::positions;
    Endpoint endpoint = Endpoint::position_risk;
  };

  void ask(Asked& place, Question question, MonotonicTime now);
  bool ask_elsewhere(Asked& place, const RestFailure& failure, MonotonicTime now);
  std::optional<RestReply> understood(const Asked& asked, RestReply reply, MonotonicTime now);

  Context context_;
  const Urgency urgency_;
  std::array<Asked, 3> asked_{};
};

}  // namespace bridge
