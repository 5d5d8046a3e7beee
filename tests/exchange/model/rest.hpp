#pragma once

#include "tests/exchange/model/http.hpp"
#include "tests/exchange/model/world.hpp"

namespace exchange {

/// Answers one REST request: bans and weight first, then the path, the key, the parameters, the
/// timestamp and the signature, as the exchange does.
HttpResponse answer_request(World& world, const HttpRequest& request, UnixMs now);

/// {"code":…,"msg":…} with an HTTP status.
HttpResponse error_response(int status, int code, std::string_view message);

}  // namespace exchange
