#include "bridge/core/limits/request_gate.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "bridge/core/limits/limits.hpp"
#include "bridge/core/limits/rest_verdict.hpp"
#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

using std::chrono::minutes;

int weight_spent_max(Urgency urgency) {
  return urgency == Urgency::routine ? limits::routine_weight_spent_max
                                     : limits::request_weight_spent_max;
}

// "12:34:56 UTC"
std::string time_of_day(WallTime time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 16> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%H:%M:%S UTC", &parts);
  return {text.data(), length};
}

}  // namespace

void RequestGate::submit(Ticket ticket) {
  waiting_[static_cast<std::size_t>(ticket.request.urgency)].push_back(std::move(ticket));
  metrics_.waiting.set(waiting_count());
}

std::optional<RequestGate::Ticket> RequestGate::release(Now now) {
  begin_minute(now);
  out_of_weight_ = false;
  if (is_silent(now) || in_flight_ == limits::requests_in_flight_max) return std::nullopt;
  for (auto& queue : waiting_) {
    if (queue.empty()) continue;
    if (!has_weight_for(queue.front())) {
      // What is less urgent has even less.
      out_of_weight_ = true;
      return std::nullopt;
    }
    Ticket ticket = std::move(queue.front());
    queue.pop_front();
    ++in_flight_;
    used_weight_ += request_weight(ticket.request.endpoint);
    metrics_.used_weight.set(used_weight_);
    metrics_.waiting.set(waiting_count());
    return ticket;
  }
  return std::nullopt;
}

void RequestGate::withdrawn(const Ticket& ticket) {
  BRIDGE_ASSERT(in_flight_ > 0);
  --in_flight_;
  used_weight_ -= request_weight(ticket.request.endpoint);
  metrics_.used_weight.set(used_weight_);
}

void RequestGate::answered(const RestReply& reply, std::optional<std::int64_t> used_weight,
                           Now now) {
  BRIDGE_ASSERT(in_flight_ > 0);
  --in_flight_;
  begin_minute(now);
  // Others at this address use it too. The testnet says -1.
  if (used_weight && *used_weight > used_weight_) {
    used_weight_ = *used_weight;
    metrics_.used_weight.set(used_weight_);
  }
  const auto* failure = std::get_if<RestFailure>(&reply);
  if (failure != nullptr && verdict(*failure) == RestVerdict::slow_down) be_silent(*failure, now);
}

void RequestGate::be_silent(const RestFailure& failure, Now now) {
  const bool is_ban = failure.http_status == 418;
  (is_ban ? metrics_.bans : metrics_.slow_downs).add();
  const Duration pause = wait_asked_for(failure, clock_.at_least(now.monotonic))
                             .value_or(is_ban ? limits::ban_pause : limits::slow_down_pause);
  if (now.monotonic + pause <= silent_until_) return;
  silent_until_ = now.monotonic + pause;
  metrics_.silent_until_us.set(to_us(now.wall + pause));
  notice_ = std::string{is_ban ? "the exchange has banned this address from REST"
                               : "the exchange refuses REST requests from this address for now"} +
            " (" + describe(failure) + "), none are sent until " + time_of_day(now.wall + pause);
}

bool RequestGate::is_silent(Now now) {
  if (now.monotonic < silent_until_) return true;
  if (!notice_.empty()) {
    notice_.clear();
    metrics_.silent_until_us.set(0);
  }
  return false;
}

void RequestGate::begin_minute(Now now) {
  // Never ahead of the exchange's own clock, so a new minute has begun there too.
  const Duration time = clock_.at_least(now.monotonic).time_since_epoch();
  const std::int64_t minute = std::chrono::floor<minutes>(time).count();
  next_minute_at_ = now.monotonic + (minutes{minute + 1} - time);
  if (minute == minute_) return;
  minute_ = minute;
  used_weight_ = 0;
  metrics_.used_weight.set(0);
}

bool RequestGate::has_weight_for(const Ticket& ticket) const {
  return used_weight_ + request_weight(ticket.request.endpoint) <=
         weight_spent_max(ticket.request.urgency);
}

MonotonicTime RequestGate::deadline() const {
  if (!notice_.empty()) return silent_until_;
  return out_of_weight_ ? next_minute_at_ : never;
}

std::size_t RequestGate::waiting_count() const {
  std::size_t count = 0;
  for (const auto& queue : waiting_) count += queue.size();
  return count;
}

}  // namespace bridge
