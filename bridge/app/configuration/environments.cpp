#include "bridge/app/configuration/environments.hpp"

#include <array>

#include "bridge/core/values/assert.hpp"

namespace bridge {
namespace {

struct BuiltIn {
  std::string_view name;
  Market market;
  std::string_view rest;
  std::string_view user_stream;
  std::string_view market_stream;
};

// Since April 2026 a USD-M stream is served on its own route only: a connection to the other one is
// accepted and stays silent. ("Important WebSocket Change Notice", Binance USD-M futures.)
// The test network is the one behind demo trading.
constexpr std::array built_in{
    BuiltIn{"mainnet", Market::usdm, "https://fapi.binance.com",
            "wss://fstream.binance.com/private", "wss://fstream.binance.com/market"},
    BuiltIn{"testnet", Market::usdm, "https://demo-fapi.binance.com",
            "wss://fstream.binancefuture.com/private", "wss://fstream.binancefuture.com/market"},
};

Url must_parse(std::string_view text, UrlKind kind) {
  auto url = parse_url(text, kind);
  BRIDGE_ASSERT(url.has_value());
  return *std::move(url);
}

}  // namespace

std::string_view to_string(Market market) {
  switch (market) {
    case Market::usdm: return "usdm";
    case Market::coinm: return "coinm";
    case Market::portfolio_margin: return "portfolio-margin";
  }
  BRIDGE_UNREACHABLE("not a Market");
}

bool is_built_in_environment(std::string_view name) {
  for (const BuiltIn& one : built_in) {
    if (one.name == name) return true;
  }
  return false;
}

std::optional<Environment> built_in_environment(std::string_view name, Market market) {
  for (const BuiltIn& one : built_in) {
    if (one.name != name || one.market != market) continue;
    return Environment{std::string{one.name}, must_parse(one.rest, UrlKind::rest),
                       must_parse(one.user_stream, UrlKind::stream),
                       must_parse(one.market_stream, UrlKind::stream), std::nullopt};
  }
  return std::nullopt;
}

}  // namespace bridge
