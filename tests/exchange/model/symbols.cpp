#include "tests/exchange/model/symbols.hpp"

#include <array>

namespace exchange {
namespace {

using enum ContractType;

constexpr SymbolSpec usdt(std::string_view name, std::string_view base, int price_precision,
                          int quantity_precision, std::string_view tick,
                          std::string_view start_price, int volatility_ppm) {
  return {.name = name,
          .base = base,
          .quote = "USDT",
          .margin_asset = "USDT",
          .price_precision = price_precision,
          .quantity_precision = quantity_precision,
          .tick_size = tick,
          .start_price = start_price,
          .volatility_ppm = volatility_ppm};
}

constexpr SymbolSpec margined_in(SymbolSpec spec, std::string_view asset) {
  spec.quote = asset;
  spec.margin_asset = asset;
  return spec;
}

constexpr SymbolSpec of_type(SymbolSpec spec, ContractType type) {
  spec.type = type;
  return spec;
}

constexpr SymbolSpec coinm(std::string_view name, std::string_view base, int price_precision,
                           std::string_view tick, std::string_view start_price, ContractType type) {
  return {.name = name,
          .base = base,
          .quote = "USD",
          .margin_asset = base,
          .type = type,
          .market = Market::coinm,
          .price_precision = price_precision,
          .quantity_precision = 0,
          .tick_size = tick,
          .start_price = start_price,
          .volatility_ppm = 90};
}

constexpr std::array symbols = {
    usdt("BTCUSDT", "BTC", 2, 3, "0.10", "84550.1", 90),
    usdt("ETHUSDT", "ETH", 2, 3, "0.01", "2890.42", 120),
    usdt("BNBUSDT", "BNB", 3, 2, "0.010", "845.21", 100),
    usdt("SOLUSDT", "SOL", 4, 2, "0.0100", "131.52", 150),
    usdt("XRPUSDT", "XRP", 4, 1, "0.0001", "2.0431", 140),
    usdt("DOGEUSDT", "DOGE", 6, 0, "0.000010", "0.14571", 170),
    usdt("ADAUSDT", "ADA", 5, 0, "0.00010", "0.4127", 150),
    usdt("AVAXUSDT", "AVAX", 4, 0, "0.0010", "13.342", 160),
    usdt("LINKUSDT", "LINK", 3, 2, "0.001", "12.774", 150),
    usdt("DOTUSDT", "DOT", 3, 1, "0.001", "2.318", 150),
    usdt("LTCUSDT", "LTC", 2, 3, "0.01", "84.07", 130),
    usdt("BCHUSDT", "BCH", 2, 3, "0.01", "531.66", 130),
    usdt("TRXUSDT", "TRX", 5, 0, "0.00001", "0.27416", 80),
    usdt("1000SHIBUSDT", "1000SHIB", 6, 0, "0.000001", "0.008112", 160),
    usdt("1000PEPEUSDT", "1000PEPE", 7, 0, "0.0000001", "0.0044127", 190),
    usdt("1000BONKUSDT", "1000BONK", 7, 0, "0.0000010", "0.009518", 190),
    usdt("1000000MOGUSDT", "1000000MOG", 7, 1, "0.0001000", "0.2794", 200),
    usdt("SUIUSDT", "SUI", 6, 1, "0.000100", "1.5128", 170),
    usdt("ARBUSDT", "ARB", 6, 1, "0.000100", "0.2087", 170),
    usdt("OPUSDT", "OP", 7, 1, "0.0001000", "0.3162", 170),
    usdt("NEARUSDT", "NEAR", 4, 0, "0.0010", "1.847", 170),
    usdt("APTUSDT", "APT", 5, 1, "0.00010", "2.2841", 160),
    usdt("FILUSDT", "FIL", 3, 1, "0.001", "1.613", 150),
    usdt("ATOMUSDT", "ATOM", 3, 2, "0.001", "2.442", 140),
    usdt("UNIUSDT", "UNI", 4, 0, "0.0010", "6.128", 160),
    usdt("AAVEUSDT", "AAVE", 3, 1, "0.010", "172.34", 160),
    usdt("ETCUSDT", "ETC", 3, 2, "0.001", "13.581", 140),
    usdt("INJUSDT", "INJ", 6, 1, "0.001000", "5.914", 170),
    usdt("SEIUSDT", "SEI", 7, 0, "0.0001000", "0.1347", 170),
    usdt("TIAUSDT", "TIA", 7, 0, "0.0001000", "0.6218", 180),
    usdt("WLDUSDT", "WLD", 7, 0, "0.0001000", "0.6113", 180),
    usdt("ORDIUSDT", "ORDI", 6, 1, "0.001000", "4.236", 180),
    usdt("JUPUSDT", "JUP", 7, 0, "0.0001000", "0.2361", 170),
    usdt("ENAUSDT", "ENA", 7, 0, "0.0001000", "0.2574", 190),
    usdt("ONDOUSDT", "ONDO", 7, 1, "0.0001000", "0.4928", 160),
    usdt("TONUSDT", "TON", 7, 1, "0.0001000", "1.5329", 130),
    usdt("HYPEUSDT", "HYPE", 5, 2, "0.00100", "33.471", 190),
    usdt("ALGOUSDT", "ALGO", 4, 1, "0.0001", "0.1389", 150),
    usdt("XLMUSDT", "XLM", 5, 0, "0.00001", "0.24213", 140),
    usdt("HBARUSDT", "HBAR", 5, 0, "0.00001", "0.14072", 150),
    usdt("ICPUSDT", "ICP", 6, 0, "0.001000", "3.918", 160),
    usdt("1INCHUSDT", "1INCH", 4, 0, "0.0001", "0.1827", 150),
    usdt("LDOUSDT", "LDO", 6, 0, "0.000100", "0.6534", 170),
    usdt("币安人生USDT", "币安人生", 7, 0, "0.0000100", "0.12843", 240),
    of_type(usdt("XAUUSDT", "XAU", 2, 3, "0.01", "4065.12", 20), tradfi_perpetual),
    of_type(usdt("XAGUSDT", "XAG", 3, 2, "0.001", "50.114", 40), tradfi_perpetual),
    of_type(usdt("TSLAUSDT", "TSLA", 2, 2, "0.01", "391.09", 60), tradfi_perpetual),
    of_type(usdt("BTCUSDT_261225", "BTC", 1, 3, "0.1", "84912.3", 90), current_quarter),
    of_type(usdt("ETHUSDT_261225", "ETH", 2, 3, "0.01", "2904.17", 120), current_quarter),
    of_type(usdt("BTCUSDT_270326", "BTC", 1, 3, "0.1", "85671.8", 90), next_quarter),
    margined_in(usdt("BTCUSDC", "BTC", 1, 3, "0.1", "84561.4", 90), "USDC"),
    margined_in(usdt("ETHUSDC", "ETH", 2, 3, "0.01", "2890.77", 120), "USDC"),
    margined_in(usdt("SOLUSDC", "SOL", 4, 2, "0.0100", "131.54", 150), "USDC"),
    margined_in(usdt("ETHBTC", "ETH", 6, 2, "0.000001", "0.034187", 60), "BTC"),
    coinm("BTCUSD_PERP", "BTC", 1, "0.1", "84540.2", perpetual),
    coinm("ETHUSD_PERP", "ETH", 2, "0.01", "2889.91", perpetual),
    coinm("BNBUSD_PERP", "BNB", 3, "0.001", "845.02", perpetual),
    coinm("BTCUSD_261225", "BTC", 1, "0.1", "84899.4", current_quarter),
};

}  // namespace

std::string_view contract_type_text(ContractType type) {
  switch (type) {
    case perpetual: return "PERPETUAL";
    case tradfi_perpetual: return "TRADIFI_PERPETUAL";  // spelt like this by the exchange
    case current_quarter: return "CURRENT_QUARTER";
    case next_quarter: return "NEXT_QUARTER";
  }
  return "";
}

bool is_dated(ContractType type) {
  return type == current_quarter || type == next_quarter;
}

UnixMs delivery_time(ContractType type) {
  switch (type) {
    case current_quarter: return 1'798'185'600'000;  // 2026-12-25 08:00 UTC
    case next_quarter: return 1'806'048'000'000;     // 2027-03-26 08:00 UTC
    default: return 4'133'404'800'000;               // 2100-12-25, the exchange's "never"
  }
}

std::string_view pair_of(const SymbolSpec& spec) {
  return spec.name.substr(0, spec.name.find('_'));
}

Amount tick_of(const SymbolSpec& spec) {
  return Amount::literal(spec.tick_size);
}

Amount step_of(const SymbolSpec& spec) {
  Amount step = Amount::whole(1);
  for (int place = 0; place < spec.quantity_precision; ++place) step = step / Amount::whole(10);
  return step;
}

std::span<const SymbolSpec> all_symbols() {
  return symbols;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return lower;
}

SymbolTable::SymbolTable(const std::vector<std::string>& names) {
  if (names.empty()) specs_.assign(symbols.begin(), symbols.end());
  for (const std::string& name : names) {
    for (const SymbolSpec& spec : symbols) {
      if (spec.name == name) specs_.push_back(spec);
    }
  }
  for (std::size_t index = 0; index < specs_.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    by_name_.emplace(specs_[index].name, id);
    by_lower_name_.emplace(ascii_lower(specs_[index].name), id);
  }
}

std::optional<SymbolId> SymbolTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<SymbolId> SymbolTable::find_lower(std::string_view lower_name) const {
  const auto found = by_lower_name_.find(lower_name);
  return found == by_lower_name_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace exchange
