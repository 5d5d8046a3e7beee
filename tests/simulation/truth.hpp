#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "tests/exchange/model/exchange.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/virtual_clock.hpp"

namespace simulation {

/// What happened to the positions at the exchange, and whether the bridge was told: how old a
/// difference may be depends on it.
class Truth {
 public:
  Truth(exchange::Exchange& exchange, const Network& network, const VirtualClock& clock)
      : exchange_(exchange),
        network_(network),
        clock_(clock),
        accounts_(exchange.world().members.size()) {
    for (Account& account : accounts_) account.settings.resize(exchange.world().symbols.size());
  }

  /// Sees what has changed since it last looked. Returns the accounts in which something did.
  const std::vector<AccountIndex>& observe();
  /// Something goes wrong now: events that the exchange has not sent yet may be lost.
  void events_may_be_lost();
  void event_was_lost(AccountIndex account);
  /// Events of the account, or of all, may be lost from now on for so long.
  void events_are_lost(Network::Target target, bridge::Duration duration);
  /// So are the account's frames, which may be broken. Some come late.
  void frames_are_spoilt(Network::Target target, bridge::Duration duration);
  /// What an account may change of a symbol; each is told, and may be lost, for itself.
  enum class Setting : std::uint8_t { leverage, margin_type };
  void setting_changed(AccountIndex account, exchange::SymbolId symbol, Setting setting);
  /// The account's request failed, so that what it would have mended stays as it is; `wait`: as
  /// long as the exchange asked for.
  void request_failed(AccountIndex account, bridge::Duration wait);
  /// The account has read all settings, as they were at the exchange at `at`.
  void settings_were_read(AccountIndex account, Instant at);

  const exchange::Account& account(AccountIndex index) const {
    return exchange_.world().members[index]->account;
  }
  /// Grows with everything that happens to the account's positions and settings.
  std::uint64_t changes(AccountIndex index) const {
    return exchange_.world().members[index]->changes + accounts_[index].settings_changed;
  }
  /// When the last change of the position was lost; nothing: none was.
  std::optional<Instant> lost_at(AccountIndex account, exchange::PositionKey key) const;
  bool is_lost(AccountIndex account, exchange::SymbolId symbol, Setting setting) const;
  Instant changed_at(AccountIndex account, exchange::SymbolId symbol, Setting setting) const;
  /// Until when no request of the account could mend anything.
  Instant requests_failed_until(AccountIndex account) const {
    return accounts_.at(account).requests_failed_until;
  }
  /// Until when a frame may come that cannot be read.
  Instant frames_spoilt_until() const { return frames_spoilt_until_; }
  /// The exchange sends an event so much later than what it tells of happened.
  static constexpr exchange::UnixMs event_delay_max_ms = 4;

 private:
  struct SettingChange {
    Instant at = Instant::min();  // never
    bool is_lost = false;
  };
  using Settings = std::array<SettingChange, 2>;  // by Setting
  struct Account {
    std::uint64_t changes = 0;
    std::map<exchange::PositionKey, Instant> lost;
    std::vector<Settings> settings;  // by symbol
    std::uint64_t settings_changed = 0;
    Instant requests_failed_until{};
    Instant events_lost_until{};
  };
  bool is_told(AccountIndex index);
  void lose_changes_since(AccountIndex index, exchange::UnixMs since);
  void lose_settings_since(AccountIndex index, exchange::UnixMs longest_ms);

  exchange::Exchange& exchange_;
  const Network& network_;
  const VirtualClock& clock_;
  std::vector<Account> accounts_;
  Instant frames_spoilt_until_{};
  std::uint64_t changes_ = 0;  // of all accounts together
  exchange::UnixMs looked_at_ = 0;
  std::vector<AccountIndex> changed_;  // what observe() returns, kept for its memory
};

}  // namespace simulation
