#pragma once

#include <functional>

#include "tests/exchange/model/exchange.hpp"
#include "tests/exchange/model/http.hpp"

namespace exchange {

/// What the control port can ask of the sockets.
struct ControlHooks {
  std::function<std::size_t(const std::vector<SymbolId>&, std::uint64_t)> flood;
  std::function<std::uint64_t()> flooded;
  std::function<void()> shutdown;
};

/// The control port's requests: the truth about every account, and the hands that move the world.
/// JSON in, JSON out; a mistake gets 400 and {"error": "…"}.
HttpResponse answer_control(Exchange& exchange, const ControlHooks& hooks,
                            const HttpRequest& request, UnixMs now);

}  // namespace exchange
