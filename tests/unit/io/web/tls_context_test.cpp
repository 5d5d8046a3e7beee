#include "bridge/io/web/tls_context.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace bridge {
namespace {

TEST(TlsContext, AlwaysVerifiesThePeerAndRefusesOldProtocols) {
  const auto context = TlsContext::create(std::nullopt);
  ASSERT_TRUE(context);
  SSL_CTX* const native = context->native().native_handle();
  EXPECT_EQ(SSL_CTX_get_verify_mode(native), SSL_VERIFY_PEER);
  EXPECT_NE(SSL_CTX_get_options(native) & SSL_OP_NO_TLSv1, 0u);
  EXPECT_NE(SSL_CTX_get_options(native) & SSL_OP_NO_TLSv1_1, 0u);
}

TEST(TlsContext, MissingFileOfAuthoritiesIsNamed) {
  const auto context = TlsContext::create("/nonexistent/authorities.pem");
  ASSERT_FALSE(context);
  EXPECT_NE(context.error().find("/nonexistent/authorities.pem"), std::string::npos);
}

}  // namespace
}  // namespace bridge
