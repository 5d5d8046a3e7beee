#include "bridge/app/environment_driver.hpp"

#include <algorithm>
#include <utility>

#include "bridge/app/log.hpp"
#include "bridge/core/assert.hpp"
#include "bridge/io/clock.hpp"

namespace bridge {
namespace {

constexpr Duration repeated_line_interval = std::chrono::seconds{30};

}  // namespace

EnvironmentDriver::EnvironmentDriver(boost::asio::io_context& loop, TlsContext tls, Bus& bus,
                                     Settings settings, std::uint32_t& topics)
    : tls_{std::move(tls)},
      settings_{std::move(settings)},
      publications_{bus, clock_},
      feed_{publications_, clock_, settings_.stale_after, topics},
      rest_{loop, tls_, settings_.environment.rest, clock_},
      repeats_{repeated_line_interval},
      context_{.loop = loop,
               .tls = tls_,
               .environment = settings_.environment,
               .rest = rest_,
               .repeats = repeats_,
               .settle = [this] { settle(); },
               .synchronize_clock = [this] { clock_session_.synchronize(read_clocks()); }},
      clock_session_{clock_, settings_.seed},
      mark_{context_,
            settings_.mark_price_interval,
            feed_,
            {.silence_max = settings_.stale_after, .seed = settings_.seed + 1}},
      alarm_{loop} {}

void EnvironmentDriver::add_account(const AccountSettings& account, Credentials credentials) {
  using ListenKeyOnStop = AccountSession::Settings::ListenKeyOnStop;
  const auto number =
      feed_.add_account({.name = account.name, .venue = Venue::binance_usdm}, read_clocks());
  BRIDGE_ASSERT(number == accounts_.size());
  const AccountSession::Settings settings{.reconcile_interval = settings_.reconcile_interval,
                                          .listen_key_on_stop = account.close_listen_key_on_stop
                                                                    ? ListenKeyOnStop::close
                                                                    : ListenKeyOnStop::keep,
                                          .seed = settings_.seed + 2 + number};
  accounts_.push_back(std::make_unique<AccountDriver>(context_, account.name,
                                                      std::move(credentials), feed_, number, clock_,
                                                      settings, user_parse_errors_));
}

void EnvironmentDriver::start() {
  const Now now = read_clocks();
  for (std::uint32_t number = 0; number < accounts_.size(); ++number) {
    feed_.set_user_phase(number, PositionFeed::UserPhase::connecting,
                         "asking the exchange for its time", now);
  }
  clock_session_.start(now);
  mark_.session().start(now);
  settle();
}

void EnvironmentDriver::stop() {
  const Now now = read_clocks();
  clock_session_.stop();
  for (auto& account : accounts_) account->session().stop(now);
  mark_.session().stop(now);
  settle();
}

void EnvironmentDriver::start_accounts_once_the_clock_is_known() {
  if (accounts_started_ || !clock_.is_known()) return;
  accounts_started_ = true;
  for (auto& account : accounts_) account->session().start(read_clocks());
}

// --- effects --------------------------------------------------------------------------------

void EnvironmentDriver::settle() {
  // Performing one session's effects may change what another one wants: a position that opens wants
  // a mark price.
  while (perform_effects() || deadline() <= read_monotonic_clock()) {
    if (deadline() <= read_monotonic_clock()) wake();
  }
  set_alarm();
}

bool EnvironmentDriver::perform_effects() {
  bool any = perform_clock_effects();
  any = mark_.perform_effects() || any;
  for (auto& account : accounts_) any = account->perform_effects() || any;
  return any;
}

bool EnvironmentDriver::perform_clock_effects() {
  const auto effects = clock_session_.effects().take();
  for (const Effect& effect : effects) {
    if (const auto* request = std::get_if<effect::Request>(&effect)) {
      rest_.request(request->endpoint, nullptr, [this, number = request->request](RestReply reply) {
        clock_session_.answer(number, reply, read_clocks());
        start_accounts_once_the_clock_is_known();
        settle();
      });
    } else if (const auto* line = std::get_if<effect::Log>(&effect)) {
      log(line->level, {}, line->text);
    } else {
      BRIDGE_UNREACHABLE("not an effect of the clock");
    }
  }
  return !effects.empty();
}

// --- time -----------------------------------------------------------------------------------

void EnvironmentDriver::wake() {
  const Now now = read_clocks();
  clock_session_.wake(now);
  for (auto& account : accounts_) {
    if (account->session().deadline() <= now.monotonic) account->session().wake(now);
  }
  feed_.wake(now);
  mark_.session().wake(now);
}

MonotonicTime EnvironmentDriver::deadline() const {
  MonotonicTime deadline =
      std::min({clock_session_.deadline(), mark_.session().deadline(), feed_.deadline()});
  for (const auto& account : accounts_)
    deadline = std::min(deadline, account->session().deadline());
  return deadline;
}

void EnvironmentDriver::set_alarm() {
  const MonotonicTime wanted = deadline();
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
