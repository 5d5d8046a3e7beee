#pragma once

#include <string>
#include <string_view>

namespace bridge {

// RFC 3986: everything but letters, digits and "-._~" becomes %XX of its UTF-8 bytes.
std::string percent_encoded(std::string_view text);

}  // namespace bridge
