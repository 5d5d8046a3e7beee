#include "bridge/app/drivers/environment_driver.hpp"

#include <utility>

#include "bridge/app/configuration/config_duration.hpp"
#include "bridge/app/log/log.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/clock.hpp"

namespace bridge {
namespace {

constexpr Duration repeated_line_interval = std::chrono::seconds{30};

AccountSession::Settings::ListenKeyOnStop listen_key_on_stop(const AccountSettings& account) {
  using ListenKeyOnStop = AccountSession::Settings::ListenKeyOnStop;
  return account.close_listen_key_on_stop ? ListenKeyOnStop::close : ListenKeyOnStop::keep;
}

}  // namespace

EnvironmentDriver::EnvironmentDriver(boost::asio::io_context& loop, TlsContext tls, Bus& bus,
                                     Settings settings, std::uint32_t& topics)
    : tls_{std::move(tls)},
      settings_{std::move(settings)},
      publications_{bus, clock_},
      session_{publications_, clock_, settings_.session, topics},
      rest_{loop, tls_, settings_.environment.rest, clock_},
      repeats_{repeated_line_interval},
      context_{.loop = loop,
               .tls = tls_,
               .environment = settings_.environment,
               .session = session_,
               .repeats = repeats_,
               .settle = [this] { settle(); }},
      mark_{context_, settings_.mark_price_interval},
      alarm_{loop} {}

void EnvironmentDriver::add_account(const AccountSettings& account, Credentials credentials) {
  if (const auto number = find_ever(account.name)) {
    accounts_[*number]->set_credentials(std::move(credentials));
    session_.account(*number).set_listen_key_on_stop(listen_key_on_stop(account));
    session_.start_account(*number, read_clocks());
  } else {
    const auto added = session_.add_account({.name = account.name, .venue = Venue::binance_usdm},
                                            listen_key_on_stop(account), read_clocks());
    BRIDGE_ASSERT(added == accounts_.size());
    accounts_.push_back(std::make_unique<AccountDriver>(
        context_, account.name, std::move(credentials), added, user_parse_errors_));
  }
  if (is_started_) settle();
}

void EnvironmentDriver::remove_account(std::string_view name) {
  const auto number = find(name);
  BRIDGE_ASSERT(number.has_value());
  session_.remove_account(*number, read_clocks());
  settle();
}

void EnvironmentDriver::restart_account(const AccountSettings& account, Credentials credentials) {
  const auto number = find(account.name);
  BRIDGE_ASSERT(number.has_value());
  session_.account(*number).stop(read_clocks());
  settle();  // what it still asks for, it asks for with the credentials that it had
  accounts_[*number]->set_credentials(std::move(credentials));
  session_.account(*number).set_listen_key_on_stop(listen_key_on_stop(account));
  session_.start_account(*number, read_clocks());
  settle();
}

void EnvironmentDriver::set_listen_key_on_stop(const AccountSettings& account) {
  const auto number = find(account.name);
  BRIDGE_ASSERT(number.has_value());
  session_.account(*number).set_listen_key_on_stop(listen_key_on_stop(account));
}

bool EnvironmentDriver::has_failed(std::string_view name) const {
  const auto number = find(name);
  return number && feed().view(*number).state == AccountState::failed;
}

std::optional<EnvironmentDriver::AccountNumber> EnvironmentDriver::find(
    std::string_view name) const {
  const auto number = find_ever(name);
  return number && !feed().is_retired(*number) ? number : std::nullopt;
}

std::optional<EnvironmentDriver::AccountNumber> EnvironmentDriver::find_ever(
    std::string_view name) const {
  for (AccountNumber number = 0; number < accounts_.size(); ++number) {
    if (accounts_[number]->name() == name) return number;
  }
  return std::nullopt;
}

void EnvironmentDriver::start() {
  if (session_.reconcile_plan().is_stretched()) {
    log(LogLevel::warn, {},
        "environment " + settings_.environment.name + ": " + std::to_string(accounts_.size()) +
            " accounts are too many to compare each of them every " +
            format_duration(settings_.session.reconcile_interval) +
            " within half of the request weight; they are compared every " +
            format_duration(session_.reconcile_plan().interval()));
  }
  is_started_ = true;
  session_.start(read_clocks());
  settle();
}

void EnvironmentDriver::stop() {
  session_.stop(read_clocks());
  settle();
}

void EnvironmentDriver::report_repeats(MonotonicTime now) {
  log_held_back(repeats_, now);
}

// --- effects --------------------------------------------------------------------------------

void EnvironmentDriver::settle() {
  for (const auto& owned : session_.settle(read_clocks())) perform(owned);
  set_alarm();
}

void EnvironmentDriver::perform(const EnvironmentSession::OwnedEffect& owned) {
  if (const auto* request = std::get_if<effect::Request>(&owned.effect)) {
    perform_request(owned.owner, *request);
  } else if (owned.owner == EnvironmentSession::mark_owner) {
    mark_.perform(owned.effect);
  } else if (owned.owner != EnvironmentSession::clock_owner) {
    accounts_[owned.owner]->perform(owned.effect);
  } else if (const auto* line = std::get_if<effect::Log>(&owned.effect)) {
    context_.say({}, *line);
  } else {
    BRIDGE_UNREACHABLE("not an effect of the clock");
  }
}

void EnvironmentDriver::perform_request(EnvironmentSession::Owner owner,
                                        const effect::Request& request) {
  const bool is_an_accounts =
      owner != EnvironmentSession::clock_owner && owner != EnvironmentSession::mark_owner;
  const Credentials* const credentials =
      is_an_accounts ? &accounts_[owner]->credentials() : nullptr;
  rest_.request(request.endpoint, request.symbol, credentials,
                [this, owner, number = request.request](RestCaller::Answer answer) {
                  session_.answered(owner, number, std::move(answer.reply),
                                    {answer.used_weight, answer.date}, read_clocks());
                  settle();
                });
}

// --- time -----------------------------------------------------------------------------------

void EnvironmentDriver::set_alarm() {
  const MonotonicTime wanted = session_.deadline();
  if (wanted == alarm_at_) return;
  alarm_at_ = wanted;
  alarm_.expires_at(to_steady_time(wanted));
  alarm_.async_wait([this](boost::system::error_code error) {
    if (error) return;  // set anew
    alarm_at_ = never;
    settle();
  });
}

}  // namespace bridge
