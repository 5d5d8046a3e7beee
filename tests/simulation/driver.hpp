#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/core/exchange/mark_price_interval.hpp"
#include "bridge/core/sessions/environment_session.hpp"
#include "bridge/wire/exchange/credentials.hpp"
#include "bridge/wire/exchange/market_stream_parser.hpp"
#include "bridge/wire/exchange/user_stream_parser.hpp"
#include "tests/simulation/mutant.hpp"
#include "tests/simulation/network.hpp"

namespace simulation {

/// The bridge's own sessions and wire code, driven over a virtual network: what
/// bridge/app/environment_driver does with sockets and timers, in the same order.
class Driver final : public NetworkUser {
 public:
  struct Settings {
    bridge::Duration stale_after{};
    bridge::Duration reconcile_interval{};
    bridge::MarkPriceInterval mark_price_interval = bridge::MarkPriceInterval::three_seconds;
    bridge::MarkPriceMode mark_price_mode = bridge::MarkPriceMode::per_symbol;
    std::optional<bridge::UserStreamForm> user_stream_form;
    std::uint64_t seed = 0;
    Mutant mutant = Mutant::none;
  };

  /// How the driver and the sessions can go wrong without anybody noticing at the outside.
  struct Faults {
    /// A stream was asked for while two were open: the one that serves and its successor.
    bool opened_a_third_stream = false;
    /// What came over the wire and could not be read: how much, and the last of it.
    std::uint64_t unreadable_count = 0;
    std::string unreadable;
  };

  Driver(Network& network, const VirtualClock& clock, Trace& trace,
         bridge::Publications& publications, const Settings& settings);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Before start().
  void add_account(const std::string& name, bridge::Credentials credentials);
  void start();

  /// Performs what the sessions want, until they want nothing more.
  void settle();
  /// When settle() wants to be called; whatever the sessions are told is followed by it.
  Instant deadline() const { return deadline_; }

  const bridge::PositionFeed& feed() const { return session_.feed(); }
  const bridge::EnvironmentSession& session() const { return session_; }
  const bridge::ExchangeClock& clock() const { return clock_; }
  const Settings& settings() const { return settings_; }
  const Faults& faults() const { return faults_; }
  /// When a mark price of the symbol last came over the wire.
  Instant price_heard_at(std::string_view symbol) const;
  /// The accounts that something was told to, or that did something, since this was last asked.
  /// Signs of life and pings are nothing.
  void take_touched(std::vector<AccountIndex>& out) {
    out.clear();
    out.swap(touched_);
  }

  void stream_opened(const LinkOwner& owner) override;
  void stream_alive(const LinkOwner& owner) override;
  void stream_frame(const LinkOwner& owner, bridge::PaddedText frame) override;
  void stream_closed(const LinkOwner& owner, const bridge::StreamEnd& end) override;
  void turn_ended(const LinkOwner& owner) override;
  void answered(const RequestPurpose& purpose, const exchange::HttpResponse& response) override;
  void failed(const RequestPurpose& purpose, bridge::RestFailure::Kind kind) override;

 private:
  struct Connection {
    LinkId link = 0;
    bridge::StreamNumber stream = 0;
  };
  using Connections = std::vector<Connection>;

  struct Account {
    std::string name;
    bridge::Credentials credentials;
    Connections connections;
    exchange::HttpResponse last_snapshot;  // of a mutant
    int updates = 0;                       // of a mutant
  };

  void user_frame(AccountIndex index, bridge::StreamNumber stream, bridge::PaddedText frame);
  void market_frame(bridge::StreamNumber stream, bridge::PaddedText frame);
  void note_price(std::string_view symbol);
  void note_unreadable(bridge::PaddedText frame);
  bool is_dropped(AccountIndex index, bridge::PaddedText frame);
  void answer(const RequestPurpose& purpose, bridge::RestReply reply,
              std::optional<std::int64_t> used_weight);

  void perform(const bridge::EnvironmentSession::OwnedEffect& owned);
  void change_subscriptions(const bridge::effect::ChangeSubscriptions& change);
  void open(AccountIndex account, bridge::StreamNumber stream, const std::string& target);
  void close(AccountIndex account, bridge::StreamNumber stream);
  void forget(AccountIndex account, bridge::StreamNumber stream);
  void send_text(AccountIndex account, bridge::StreamNumber stream, const std::string& text);
  /// Nothing when it is gone.
  std::optional<LinkId> link_of(AccountIndex account, bridge::StreamNumber stream);
  Connections& connections_of(AccountIndex account);
  void request(bridge::EnvironmentSession::Owner owner, const bridge::effect::Request& wanted);
  void log(AccountIndex account, const bridge::effect::Log& line);
  const std::string& name_of(AccountIndex account) const;

  /// Checkers should look at it.
  void note(AccountIndex account);
  bridge::AccountSession& session_of(AccountIndex account);
  bridge::Now now() const { return virtual_clock_.bridge_now(); }

  Network& network_;
  const VirtualClock& virtual_clock_;
  Trace& trace_;
  const Settings settings_;

  bridge::ExchangeClock clock_;
  std::uint32_t topics_ = 0;
  bridge::EnvironmentSession session_;
  std::vector<std::unique_ptr<Account>> accounts_;
  Connections mark_connections_;
  int market_frames_ = 0;  // of a mutant

  bridge::UserStreamParser user_parser_;
  bridge::MarketStreamParser market_parser_;

  std::vector<AccountIndex> touched_;
  std::map<std::string, Instant, std::less<>> prices_heard_at_;
  Faults faults_;
  Instant deadline_ = never;
};

}  // namespace simulation
