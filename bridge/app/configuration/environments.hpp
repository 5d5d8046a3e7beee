#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/app/configuration/config_url.hpp"

// Where the exchange is.
namespace bridge {

// What an account trades on.
enum class Market : std::uint8_t { usdm, coinm, portfolio_margin };

std::string_view to_string(Market market);  // usdm, coinm, portfolio-margin

// A named set of endpoints, for one market.
struct Environment {
  std::string name;
  Url rest;
  Url user_stream;    // the route; /ws or /stream is added by who connects
  Url market_stream;  // likewise
  // Certificates are checked against these authorities instead of the system's.
  std::optional<std::filesystem::path> ca_file;

  friend bool operator==(const Environment&, const Environment&) = default;
};

// "mainnet" and "testnet", as Binance runs them.
bool is_built_in_environment(std::string_view name);

// Nothing when the name is not built in, or this version does not serve the market.
std::optional<Environment> built_in_environment(std::string_view name, Market market);

}  // namespace bridge
