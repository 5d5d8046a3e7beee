#pragma once

#include <cstdint>
#include <string_view>

namespace bridge {

// Which mark prices are asked for.
enum class MarkPriceMode : std::uint8_t {
  per_symbol,  // those of the symbols that some account holds
  all,         // the exchange's stream of all symbols
};

std::string_view to_string(MarkPriceMode mode);  // per-symbol, all

}  // namespace bridge
