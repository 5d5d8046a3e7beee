#pragma once

#include "bridge/app/configuration/config_url.hpp"
#include "bridge/io/web/server_address.hpp"

namespace bridge {

inline ServerAddress server_address_of(const Url& url) {
  return {.encryption = url.is_encrypted() ? Encryption::tls : Encryption::none,
          .host = url.host,
          .port = url.port};
}

}  // namespace bridge
