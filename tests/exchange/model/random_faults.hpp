#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/exchange/model/faults.hpp"

namespace exchange {

/// Which faults come by chance, and how often. The same profile with the same seed draws the same
/// faults at the same times.
struct FaultProfile {
  UnixMs mean_interval_ms = 0;              // between two faults; 0: none come
  UnixMs duration_max_ms = 30 * second_ms;  // of those that last
  UnixMs delay_max_ms = 5 * second_ms;      // of delays, lags and clock offsets
  UnixMs from_ms = 0;                       // since the profile was set: a quiet beginning
  UnixMs until_ms = never_ms;               // since the profile was set: a quiet end
  std::optional<std::uint64_t> seed = {};   // absent: the exchange's
  std::map<FaultKind, int> weights = {};    // empty: default_weights()
};

/// Every kind alike, but none that no client could notice: lost events, of which there is no trace
/// until somebody compares with REST, and a clock that steps, since the exchange's own does not.
std::map<FaultKind, int> default_weights();

/// Draws the faults of a profile one after the other.
class RandomFaults {
 public:
  /// Draws nothing, ever.
  RandomFaults() : random_(0) {}
  RandomFaults(FaultProfile profile, std::uint64_t exchange_seed, UnixMs now);

  UnixMs next_at() const { return next_at_; }
  /// The fault that is due now; the next one gets its time.
  Fault draw(const std::vector<std::string>& accounts, const std::vector<std::string>& symbols);

 private:
  FaultKind draw_kind();
  void draw_target(Fault& fault, const std::vector<std::string>& accounts);
  void draw_rest_error(Fault& fault);
  void schedule(UnixMs after);

  FaultProfile profile_;
  Random random_;
  UnixMs ends_at_ = 0;
  UnixMs next_at_ = never_ms;
};

}  // namespace exchange
