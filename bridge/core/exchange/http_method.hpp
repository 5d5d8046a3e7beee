#pragma once

#include <cstdint>
#include <string_view>

namespace bridge {

enum class HttpMethod : std::uint8_t { get, put, post, delete_ };

std::string_view to_string(HttpMethod method);  // GET, PUT, POST, DELETE

}  // namespace bridge
