#pragma once

#include <cstdint>
#include <string_view>

namespace bridge {

// How often the exchange sends a mark price. There is no other choice.
enum class MarkPriceInterval : std::uint8_t { one_second, three_seconds };

std::string_view to_string(MarkPriceInterval interval);  // 1s, 3s

}  // namespace bridge
