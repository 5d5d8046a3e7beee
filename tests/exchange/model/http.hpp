#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/exchange/model/time.hpp"

namespace exchange {

/// A request as the exchange sees it, whatever carried it.
struct HttpRequest {
  std::string method = {};
  std::string target =
      {};  // path and query, still percent-encoded: signatures are over these bytes
  std::string api_key = {};  // header X-MBX-APIKEY
  std::string body = {};
  std::string address = {};  // where it came from: request weight is counted per address
};

struct HttpResponse {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  UnixMs delay_ms = 0;  // how much later it leaves; whoever carries it waits
};

}  // namespace exchange
