#include "bridge/app/observe/status_page.hpp"

#include <openssl/sha.h>

#include <array>
#include <set>
#include <string>
#include <utility>

#include "bridge/app/process/bridge_process.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {
namespace {

BusValue text(std::string_view value) {
  return BusValue{std::string{value}};
}

BusValue integer(std::int64_t value) {
  return BusValue{value};
}

BusValue count(std::size_t value) {
  return BusValue{std::uint64_t{value}};
}

// Enough to see whether two listen keys are the same, and no use to anybody else.
BusValue fingerprint(const Secret* listen_key) {
  if (listen_key == nullptr) return BusValue{std::monostate{}};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  const std::string_view key = listen_key->reveal();
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  constexpr std::string_view hex = "0123456789abcdef";
  std::string digits;
  for (std::size_t i = 0; i < 4; ++i) {
    digits += hex[digest[i] >> 4U];
    digits += hex[digest[i] & 0xfU];
  }
  return BusValue{std::move(digits)};
}

BusValue list(const std::set<std::string>& symbols) {
  BusValue::List values;
  for (const std::string& symbol : symbols) values.push_back(text(symbol));
  return BusValue{std::move(values)};
}

BusValue account_status(const BusIdentity& identity, const EnvironmentDriver& driver,
                        std::uint32_t account, WallTime now) {
  const PositionFeed& feed = driver.feed();
  const auto view = feed.view(account);
  std::set<std::string> held;
  std::set<std::string> priced;
  for (const PositionBook::Entry& entry : view.book.entries()) {
    if (!entry.position.is_open()) continue;
    held.insert(feed.symbols().name(entry.symbol));
    if (feed.mark_prices().find(entry.symbol) != nullptr)
      priced.insert(feed.symbols().name(entry.symbol));
  }
  const bool running = view.state != AccountState::failed && view.state != AccountState::stopped;
  return BusValue{BusValue::Map{
      {"v", count(bus_version)},
      {"type", text("account.status")},
      {"instance", text(identity.instance)},
      {"epoch", integer(to_us(identity.epoch))},
      {"account", text(view.identity.name)},
      {"venue", text(to_string(view.identity.venue))},
      {"environment", text(driver.environment().name)},
      {"state", text(to_string(view.state))},
      {"running", BusValue{running}},
      {"user_connected", BusValue{view.user_connected}},
      {"mark_connected", BusValue{view.mark_connected}},
      {"connected", BusValue{view.user_connected && view.mark_connected}},
      {"active_positions", count(view.book.open_count())},
      {"subscribed_symbols", count(view.book.open_symbol_count())},
      {"detail", text(view.detail)},
      {"since_us", integer(to_us(view.since))},
      {"evidence", text(to_string(view.evidence))},
      {"confirmed_us", view.confirmed ? integer(to_us(*view.confirmed)) : BusValue{}},
      {"published_us", integer(to_us(now))},
      {"account_seq", BusValue{view.account_seq}},
      {"positions", list(held)},
      {"mark_prices", list(priced)},
      {"listen_key", fingerprint(driver.session(account).listen_key())},
  }};
}

}  // namespace

BusValue status_page(const BridgeProcess& process) {
  const BusIdentity& identity = process.bus().identity();
  const WallTime now = read_wall_clock();
  BusValue::List accounts;
  for (const auto& driver : process.drivers()) {
    for (std::uint32_t account = 0; account < driver->account_count(); ++account) {
      if (driver->feed().is_retired(account)) continue;
      accounts.push_back(account_status(identity, *driver, account, now));
    }
  }
  return BusValue{BusValue::Map{
      {"instance", text(identity.instance)},
      {"version", text(POSITION_BRIDGE_VERSION)},
      {"epoch", integer(to_us(identity.epoch))},
      {"uptime", integer((now - process.started()).count() / 1'000'000)},
      {"accounts", BusValue{std::move(accounts)}},
  }};
}

}  // namespace bridge
