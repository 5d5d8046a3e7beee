#pragma once

#include <string_view>

namespace bridge {

// How the bridge names itself to servers.
constexpr std::string_view user_agent = "position-bridge/" POSITION_BRIDGE_VERSION;

}  // namespace bridge
