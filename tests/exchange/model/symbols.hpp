#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/exchange/model/amount.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

enum class ContractType { perpetual, tradfi_perpetual, current_quarter, next_quarter };

/// COIN-M symbols are not traded here; their mark prices are mixed into the all-market streams.
enum class Market { usdm, coinm };

/// What the exchange knows about a symbol and does not change.
struct SymbolSpec {
  std::string_view name;
  std::string_view base;
  std::string_view quote;
  std::string_view margin_asset;
  ContractType type = ContractType::perpetual;
  Market market = Market::usdm;
  int price_precision = 0;
  int quantity_precision = 0;
  std::string_view tick_size;  // as exchangeInfo prints it, trailing zeros included
  std::string_view start_price;
  int volatility_ppm = 0;  // standard deviation of one second's return
};

std::string_view contract_type_text(ContractType type);
bool is_dated(ContractType type);
/// When a dated contract is delivered; the far future that the exchange prints for perpetuals.
UnixMs delivery_time(ContractType type);
/// The pair: the name without the date or _PERP.
std::string_view pair_of(const SymbolSpec& spec);
Amount tick_of(const SymbolSpec& spec);
Amount step_of(const SymbolSpec& spec);

/// Every symbol that can be simulated.
std::span<const SymbolSpec> all_symbols();

/// Lower case of ASCII letters only, as stream names want it; other bytes stay as they are.
std::string ascii_lower(std::string_view text);

using SymbolId = std::uint16_t;

/// The symbols that one exchange lists, by number and by name.
class SymbolTable {
 public:
  /// Lists `names` in this order, or everything when `names` is empty. Unknown names are left out:
  /// the scenario's reader has checked them.
  explicit SymbolTable(const std::vector<std::string>& names);

  std::size_t size() const { return specs_.size(); }
  const SymbolSpec& operator[](SymbolId id) const { return specs_[id]; }
  std::optional<SymbolId> find(std::string_view name) const;
  /// The symbol of a stream name's first part, which must be in lower case.
  std::optional<SymbolId> find_lower(std::string_view lower_name) const;

 private:
  std::vector<SymbolSpec> specs_;
  std::map<std::string, SymbolId, std::less<>> by_name_;
  std::map<std::string, SymbolId, std::less<>> by_lower_name_;
};

}  // namespace exchange
