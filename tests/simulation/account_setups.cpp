#include "tests/simulation/account_setups.hpp"

#include "bridge/core/values/assert.hpp"
#include "tests/exchange/model/random.hpp"

namespace simulation {
namespace {

const std::vector<std::string> symbols = {"BTCUSDT",        "ETHUSDT", "1000PEPEUSDT",
                                          "BTCUSDT_261225", "XAUUSDT", "币安人生USDT"};

std::string secret_of(const std::string& name) {
  return "simulated-secret-of-" + name;
}

exchange::AccountSetup setup_of(std::size_t number, const Options& options) {
  exchange::AccountSetup setup;
  setup.name = "account-" + std::to_string(number);
  setup.api_key = "simulated-key-of-" + setup.name;
  setup.verifier = exchange::Verifier::from_secret(secret_of(setup.name));
  setup.wallets = {{"USDT", exchange::Amount::whole(100'000)}};
  const bool is_hedged = number % 3 == 1;
  setup.mode = is_hedged ? exchange::PositionMode::hedge : exchange::PositionMode::one_way;
  setup.setting.margin_type =
      number % 4 == 2 ? exchange::MarginType::isolated : exchange::MarginType::cross;
  setup.trading.mean_interval_ms = options.trade_interval.count() / 1000;
  setup.trading.positions_max = profile_of(options.profile).positions_max;
  exchange::Random random(exchange::seed_for(options.seed, setup.name + " starts"));
  const std::string& symbol = symbols[random.below(symbols.size())];
  setup.positions = {
      {.symbol = symbol,
       .side = is_hedged ? exchange::PositionSide::short_leg : exchange::PositionSide::both,
       .signed_quantity = exchange::Amount::whole(-random.between(1, 5)),
       .entry_price = {},
       .leverage = {},
       .margin_type = {}}};
  return setup;
}

}  // namespace

exchange::Scenario scenario_of(const Options& options) {
  exchange::Scenario scenario;
  scenario.seed = options.seed;
  scenario.symbols = symbols;
  scenario.rules.mark_price_interval_ms = profile_of(options.profile).mark_price_interval_ms;
  for (int number = 0; number < options.accounts; ++number)
    scenario.accounts.push_back(setup_of(static_cast<std::size_t>(number), options));
  return scenario;
}

bridge::Credentials credentials_of(const exchange::AccountSetup& setup) {
  auto signer = bridge::RequestSigner::from_api_secret(bridge::Secret{secret_of(setup.name)});
  BRIDGE_ASSERT(signer.has_value());
  return {.api_key = bridge::Secret{setup.api_key}, .signer = std::move(*signer)};
}

}  // namespace simulation
