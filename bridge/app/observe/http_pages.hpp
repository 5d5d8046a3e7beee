#pragma once

#include <string_view>

#include "bridge/io/http/http_server.hpp"

namespace bridge {

class BridgeProcess;

// Answers a request for one of the bridge's pages; called on the HTTP thread.
//   /metrics  Prometheus text 0.0.4
//   /healthz  200 while the main loop turns, whatever the exchange does
//   /readyz   200 while every account is live, else 503
//   /status   JSON: what is known of every account, read on the main loop
void respond_with_page(BridgeProcess& process, std::string_view path, HttpServer::Respond respond);

}  // namespace bridge
