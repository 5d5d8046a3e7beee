#pragma once

#include <string>
#include <string_view>

namespace bridge {

// Appends `text` as a JSON string with its quotes. UTF-8 is kept as it is; quotes, backslashes and
// control characters are escaped; what is no UTF-8 is replaced.
void append_json_string(std::string& json, std::string_view text);

}  // namespace bridge
