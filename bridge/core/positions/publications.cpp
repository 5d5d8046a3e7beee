#include "bridge/core/positions/publications.hpp"

#include "bridge/core/values/assert.hpp"

namespace bridge {

std::string_view to_string(Venue venue) {
  switch (venue) {
    case Venue::binance_usdm: return "binance-usdm";
    case Venue::binance_coinm: return "binance-coinm";
    case Venue::binance_pm_um: return "binance-pm-um";
    case Venue::binance_pm_cm: return "binance-pm-cm";
  }
  BRIDGE_UNREACHABLE("not a Venue");
}

std::string_view to_string(StreamEvidence evidence) {
  switch (evidence) {
    case StreamEvidence::connected: return "connected";
    case StreamEvidence::listed: return "listed";
    case StreamEvidence::event: return "event";
  }
  BRIDGE_UNREACHABLE("not a StreamEvidence");
}

std::string_view to_string(PositionState state) {
  switch (state) {
    case PositionState::live: return "live";
    case PositionState::stale: return "stale";
  }
  BRIDGE_UNREACHABLE("not a PositionState");
}

std::string_view to_string(AccountState state) {
  switch (state) {
    case AccountState::connecting: return "connecting";
    case AccountState::syncing: return "syncing";
    case AccountState::live: return "live";
    case AccountState::stale: return "stale";
    case AccountState::failed: return "failed";
    case AccountState::stopped: return "stopped";
  }
  BRIDGE_UNREACHABLE("not an AccountState");
}

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::snapshot: return "snapshot";
    case Trigger::account_update: return "account_update";
    case Trigger::mark_price: return "mark_price";
    case Trigger::reconcile: return "reconcile";
    case Trigger::config: return "config";
    case Trigger::state: return "state";
  }
  BRIDGE_UNREACHABLE("not a Trigger");
}

}  // namespace bridge
