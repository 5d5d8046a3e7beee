#include "bridge/io/web/byte_stream.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include "bridge/core/values/assert.hpp"

namespace bridge {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

bool is_numeric(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

// Whose certificate we accept, and which one we ask a server with several for.
bool expect_server(SSL* ssl, const std::string& host) {
  if (is_numeric(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // What the macro SSL_set_tlsext_host_name does, which casts in the old style.
  char* const name = const_cast<char*>(host.c_str());
  const bool is_named =
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
  return is_named && SSL_set1_host(ssl, host.c_str()) == 1;
}

std::string tls_failure_text(SSL* ssl, const error_code& error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK) return error.message();
  return std::string{"the certificate is not accepted: "} + X509_verify_cert_error_string(verdict);
}

std::string reset_text(const error_code& error) {
  // TLS, TCP and the kernel each have a name of their own for an end without a goodbye.
  const bool is_cut = error == asio::ssl::error::stream_truncated || error == asio::error::eof ||
                      error == asio::error::connection_reset;
  return is_cut ? "the connection was cut" : error.message();
}

}  // namespace

std::shared_ptr<ByteStream> ByteStream::create(asio::io_context& loop, TlsContext tls,
                                               ServerAddress server) {
  // Not make_shared: the constructor is private.
  return std::shared_ptr<ByteStream>{new ByteStream{loop, std::move(tls), std::move(server)}};
}

ByteStream::ByteStream(asio::io_context& loop, TlsContext tls, ServerAddress server)
    : tls_context_{std::move(tls)},
      server_{std::move(server)},
      resolver_{loop},
      attempt_timer_{loop},
      socket_{loop} {
  BRIDGE_ASSERT(server_.encryption == Encryption::tls || server_.is_loopback());
  if (server_.encryption == Encryption::tls) tls_.emplace(socket_, tls_context_.native());
}

void ByteStream::open(std::shared_ptr<ByteStreamUser> user) {
  BRIDGE_ASSERT(!user_ && user);
  user_ = std::move(user);
  resolve();
}

void ByteStream::resolve() {
  auto resolved = [self = shared_from_this()](error_code error, Endpoints endpoints) {
    if (!self->user_) return;
    if (error) return self->fail(NetworkFailureKind::resolve, error.message());
    const auto first = endpoints.begin();
    self->connect(std::move(endpoints), first, asio::error::host_not_found);
  };
  // A numeric address needs no help of the system's resolver, which can take seconds to give up.
  error_code error;
  const auto address = asio::ip::make_address(server_.host, error);
  if (!error) {
    auto endpoints = Endpoints::create(Tcp::endpoint{address, server_.port}, server_.host, "");
    asio::post(socket_.get_executor(), [resolved, endpoints] { resolved({}, endpoints); });
    return;
  }
  resolver_.async_resolve(server_.host, std::to_string(server_.port), std::move(resolved));
}

// Tries one address after the other until one takes us.
void ByteStream::connect(Endpoints endpoints, Endpoints::const_iterator next,
                         error_code last_error) {
  if (next == endpoints.end()) return fail_connect(last_error);
  const Tcp::endpoint endpoint = next->endpoint();
  ++next;
  error_code ignored;
  socket_.close(ignored);
  attempt_timer_.expires_after(time_per_address);
  attempt_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->user_) return;
    error_code no_matter;
    self->socket_.cancel(no_matter);
  });
  socket_.async_connect(endpoint, [self = shared_from_this(), endpoints = std::move(endpoints),
                                   next](error_code error) {
    if (self->user_) self->finish_connect(error, endpoints, next);
  });
}

void ByteStream::finish_connect(error_code error, Endpoints endpoints,
                                Endpoints::const_iterator next) {
  attempt_timer_.cancel();
  if (error) {
    if (error == asio::error::operation_aborted) error = asio::error::timed_out;
    return connect(std::move(endpoints), next, error);
  }
  error_code ignored;
  socket_.set_option(Tcp::no_delay{true}, ignored);
  socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  socket_.non_blocking(true, error);  // for read_at_hand()
  if (error) return fail_connect(error);
  if (tls_) return encrypt();
  user_->on_connected();
}

void ByteStream::encrypt() {
  if (!expect_server(tls_->native_handle(), server_.host)) {
    return fail(NetworkFailureKind::tls, "the host's name cannot be verified");
  }
  tls_->async_handshake(
      asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
        if (!self->user_) return;
        if (!error) return self->user_->on_connected();
        self->fail(NetworkFailureKind::tls, tls_failure_text(self->tls_->native_handle(), error));
      });
}

void ByteStream::read(std::span<char> space) {
  BRIDGE_ASSERT(user_ && !space.empty());
  auto done = [self = shared_from_this(), user = user_](error_code error, std::size_t size) {
    if (!self->user_) return;
    if (error) return self->fail(NetworkFailureKind::reset, reset_text(error));
    self->user_->on_bytes(size);
  };
  const auto buffer = asio::buffer(space.data(), space.size());
  if (tls_) {
    tls_->async_read_some(buffer, std::move(done));
  } else {
    socket_.async_read_some(buffer, std::move(done));
  }
}

std::size_t ByteStream::read_at_hand(std::span<char> space) {
  // A read that has to answer (a key update) would write, which may not cross another write.
  if (!tls_ || is_writing_ || space.empty()) return 0;
  SSL* ssl = tls_->native_handle();
  if (SSL_pending(ssl) == 0 && BIO_ctrl_pending(SSL_get_rbio(ssl)) == 0) return 0;
  error_code error;
  const std::size_t size = tls_->read_some(asio::buffer(space.data(), space.size()), error);
  // "Would block" is the usual end; a true error comes back with the next read().
  return error ? 0 : size;
}

void ByteStream::write(std::string_view bytes) {
  BRIDGE_ASSERT(user_ && !is_writing_);
  is_writing_ = true;
  auto done = [self = shared_from_this(), user = user_](error_code error, std::size_t) {
    self->is_writing_ = false;
    if (!self->user_) return;
    if (error) return self->fail(NetworkFailureKind::reset, reset_text(error));
    self->user_->on_written();
  };
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_) {
    asio::async_write(*tls_, buffer, std::move(done));
  } else {
    asio::async_write(socket_, buffer, std::move(done));
  }
}

void ByteStream::close() {
  user_.reset();
  resolver_.cancel();
  attempt_timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void ByteStream::fail(NetworkFailureKind kind, std::string_view reason) {
  const std::shared_ptr<ByteStreamUser> user = std::move(user_);
  close();
  user->on_failure({.kind = kind, .text = server_.authority() + ": " + std::string{reason}});
}

void ByteStream::fail_connect(error_code error) {
  const auto kind = error == asio::error::connection_refused ? NetworkFailureKind::refused
                                                             : NetworkFailureKind::unreachable;
  fail(kind, error.message());
}

}  // namespace bridge
