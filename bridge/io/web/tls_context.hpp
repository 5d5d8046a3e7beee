#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "bridge/core/values/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace bridge {

// What every TLS connection of the bridge is made with: TLS 1.2 or newer, certificate and host name
// always verified. There is no way to turn that off. Cheap to copy; copies share.
class TlsContext {
 public:
  // Certificates are checked against the authorities in `ca_file`, or the system's without one. On
  // failure: a sentence that names the file and what is wrong with it.
  static Result<TlsContext, std::string> create(
      const std::optional<std::filesystem::path>& ca_file);

  boost::asio::ssl::context& native() const { return *context_; }

 private:
  explicit TlsContext(std::shared_ptr<boost::asio::ssl::context> context);

  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace bridge
