#pragma once

#include <optional>
#include <string>

#include "bridge/core/exchange/effects.hpp"
#include "bridge/core/exchange/exchange_requests.hpp"
#include "bridge/core/values/counter.hpp"

namespace bridge {

// Notices when an account is switched between one-way and hedge mode, which no event tells.
class PositionModeWatch {
 public:
  // Both outlive it.
  PositionModeWatch(Effects& effects, Counter& switches) : effects_{effects}, switches_{switches} {}

  void see(PositionMode mode) {
    if (mode_ && *mode_ != mode) {
      switches_.add();
      effects_.log(LogLevel::warn, "the account was switched from " +
                                       std::string{to_string(*mode_)} + " to " +
                                       std::string{to_string(mode)} + " mode");
    }
    mode_ = mode;
  }
  // As far as the rows show it: with LONG and SHORT in hedge mode, and BOTH with an amount in
  // one-way mode only.
  void see(const PositionRows& rows) {
    for (const PositionRow& row : rows.rows) {
      if (row.position_side != PositionSide::both) return see(PositionMode::hedge);
      if (!row.amount.is_zero()) return see(PositionMode::one_way);
    }
  }

  bool is_known() const { return mode_.has_value(); }
  std::string_view name() const { return mode_ ? to_string(*mode_) : "unknown"; }

 private:
  Effects& effects_;
  Counter& switches_;
  std::optional<PositionMode> mode_;
};

}  // namespace bridge
