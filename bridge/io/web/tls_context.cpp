#include "bridge/io/web/tls_context.hpp"

#include <boost/asio/ssl/context.hpp>
#include <utility>

namespace bridge {

namespace ssl = boost::asio::ssl;

TlsContext::TlsContext(std::shared_ptr<ssl::context> context) : context_{std::move(context)} {}

Result<TlsContext, std::string> TlsContext::create(
    const std::optional<std::filesystem::path>& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1,
                       error);
  if (error) return Failure<std::string>{"TLS cannot be set up: " + error.message()};
  context->set_verify_mode(ssl::verify_peer);
  if (ca_file) {
    context->load_verify_file(ca_file->string(), error);
    if (error) {
      return Failure<std::string>{ca_file->string() + " holds no certificates that can be read (" +
                                  error.message() + "); it should be a PEM file"};
    }
  } else {
    context->set_default_verify_paths(error);
    if (error) {
      return Failure<std::string>{"the system's certificates cannot be read: " + error.message()};
    }
  }
  return TlsContext{std::move(context)};
}

}  // namespace bridge
