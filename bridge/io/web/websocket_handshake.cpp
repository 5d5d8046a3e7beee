#include "bridge/io/web/websocket_handshake.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <span>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "bridge/core/values/assert.hpp"
#include "bridge/io/web/user_agent.hpp"

namespace bridge {

namespace http = boost::beast::http;

namespace {

std::string to_base64(std::span<const unsigned char> bytes) {
  // Four characters for three bytes, and the zero that OpenSSL writes behind.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// What proves that the server has read our key as a WebSocket server does.
std::string expected_accept(std::string_view key) {
  const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  unsigned int size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  BRIDGE_ASSERT(done == 1 && size == digest.size());
  return to_base64(digest);
}

using Answer = http::response_parser<http::empty_body>;

bool accepts(const Answer::value_type& answer, std::string_view key) {
  const auto accept = answer[http::field::sec_websocket_accept];
  return http::token_list{answer[http::field::connection]}.exists("upgrade") &&
         http::token_list{answer[http::field::upgrade]}.exists("websocket") &&
         std::string_view{accept.data(), accept.size()} == expected_accept(key);
}

}  // namespace

std::string make_websocket_key() {
  std::array<unsigned char, 16> bytes;
  const int done = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  BRIDGE_ASSERT(done == 1);
  return to_base64(bytes);
}

Secret upgrade_request(std::string_view authority, const Secret& target, std::string_view key) {
  std::string text;
  // Enough for all of it, so that no copy of the target is left behind by growing.
  text.reserve(target.reveal().size() + authority.size() + 512);
  text.append("GET ").append(target.reveal()).append(" HTTP/1.1\r\nHost: ").append(authority);
  text.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
  text.append("\r\nSec-WebSocket-Key: ").append(key);
  text.append("\r\nUser-Agent: ").append(user_agent).append("\r\n\r\n");
  return Secret{std::move(text)};
}

Result<void, UpgradeRefusal> check_upgrade_answer(std::string_view head, std::string_view key) {
  Answer parser;
  parser.skip(true);  // a refusal may have a body, which does not matter
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) {
    return Failure<UpgradeRefusal>{{.status = 0, .text = "the answer to the upgrade is no HTTP"}};
  }
  const int status = static_cast<int>(parser.get().result_int());
  if (status != 101) {
    return Failure<UpgradeRefusal>{
        {.status = status,
         .text = "the upgrade to WebSocket was answered with HTTP " + std::to_string(status)}};
  }
  if (!accepts(parser.get(), key)) {
    return Failure<UpgradeRefusal>{
        {.status = status, .text = "the answer to the upgrade does not fit the question"}};
  }
  return {};
}

}  // namespace bridge
