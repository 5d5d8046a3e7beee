#pragma once

#include <optional>
#include <string_view>

#include "bridge/core/values/time.hpp"

namespace bridge {

// The time of a Date header, "Sun, 06 Nov 1994 08:49:37 GMT": the form that RFC 9110 asks senders
// for. Nothing where it is of another form.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace bridge
