#include "tests/simulation/truth.hpp"

#include <algorithm>

namespace simulation {
namespace {

// What was on its way at most so long may be among what was lost; as slow as a stream can be.
constexpr exchange::UnixMs under_way_max_ms = 60'000;

// Of a frame that left when its stream was held, in a bridge that stood still.
constexpr bridge::Duration latest_arrival = std::chrono::seconds{200};

}  // namespace

const std::vector<AccountIndex>& Truth::observe() {
  changed_.clear();
  const exchange::UnixMs since = std::exchange(looked_at_, clock_.exchange_ms());
  if (std::exchange(changes_, exchange_.world().changes) == exchange_.world().changes)
    return changed_;
  const auto& members = exchange_.world().members;
  for (AccountIndex index = 0; index < members.size(); ++index) {
    Account& account = accounts_[index];
    if (std::exchange(account.changes, members[index]->changes) == members[index]->changes)
      continue;
    changed_.push_back(index);
    if (!is_told(index)) lose_changes_since(index, since);
  }
  return changed_;
}

void Truth::events_may_be_lost() {
  observe();
  for (AccountIndex index = 0; index < exchange_.world().members.size(); ++index) {
    lose_changes_since(index, clock_.exchange_ms() - event_delay_max_ms);
    lose_settings_since(index, event_delay_max_ms);
  }
}

void Truth::event_was_lost(AccountIndex index) {
  lose_changes_since(index, clock_.exchange_ms() - under_way_max_ms);
  lose_settings_since(index, under_way_max_ms);
}

void Truth::events_are_lost(Network::Target target, bridge::Duration duration) {
  for (AccountIndex index = 0; index < exchange_.world().members.size(); ++index) {
    if (target && *target != index) continue;
    // An event leaves a little later than what it tells of.
    accounts_[index].events_lost_until =
        std::max(accounts_[index].events_lost_until, clock_.elapsed() + duration);
  }
}

void Truth::frames_are_spoilt(Network::Target target, bridge::Duration duration) {
  events_are_lost(target, duration);
  const Instant until = clock_.elapsed() + duration + latest_arrival;
  frames_spoilt_until_ = std::max(frames_spoilt_until_, until);
}

bool Truth::is_told(AccountIndex index) {
  return clock_.elapsed() > accounts_[index].events_lost_until && network_.can_tell(index);
}

void Truth::lose_changes_since(AccountIndex index, exchange::UnixMs since) {
  for (const auto& [key, position] : account(index).positions()) {
    if (position.update_time < since) continue;
    accounts_[index].lost[key] = VirtualClock::instant_of(position.update_time);
  }
}

void Truth::lose_settings_since(AccountIndex index, exchange::UnixMs longest_ms) {
  const Instant since = clock_.elapsed() - std::chrono::milliseconds{longest_ms};
  for (Settings& settings : accounts_[index].settings) {
    for (SettingChange& change : settings) {
      if (change.at >= since) change.is_lost = true;
    }
  }
}

void Truth::setting_changed(AccountIndex index, exchange::SymbolId symbol, Setting setting) {
  ++accounts_[index].settings_changed;
  accounts_[index].settings[symbol][static_cast<std::size_t>(setting)] = {
      .at = clock_.elapsed(), .is_lost = !is_told(index)};
}

void Truth::request_failed(AccountIndex index, bridge::Duration wait) {
  Instant& until = accounts_[index].requests_failed_until;
  until = std::max(until, clock_.elapsed() + wait);
}

void Truth::settings_were_read(AccountIndex index, Instant at) {
  for (Settings& settings : accounts_[index].settings) {
    for (SettingChange& change : settings) {
      if (change.at <= at) change.is_lost = false;
    }
  }
}

std::optional<Instant> Truth::lost_at(AccountIndex index, exchange::PositionKey key) const {
  const auto& lost = accounts_.at(index).lost;
  const auto found = lost.find(key);
  if (found == lost.end()) return std::nullopt;
  return found->second;
}

bool Truth::is_lost(AccountIndex index, exchange::SymbolId symbol, Setting setting) const {
  return accounts_[index].settings[symbol][static_cast<std::size_t>(setting)].is_lost;
}

Instant Truth::changed_at(AccountIndex index, exchange::SymbolId symbol, Setting setting) const {
  return accounts_[index].settings[symbol][static_cast<std::size_t>(setting)].at;
}

}  // namespace simulation
