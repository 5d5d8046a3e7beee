#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/core/values/result.hpp"

namespace bridge {

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // numeric
  std::uint16_t port = 0;          // 0: any free one
  std::size_t connections_max = 64;
  std::size_t header_size_max = 8 * 1024;
  // From the first moment of a connection, or from the end of the answer before, until the request
  // is complete.
  std::chrono::milliseconds request_timeout{5'000};
  // A handler that has not replied by then is answered for: 503.
  std::chrono::milliseconds reply_timeout{5'000};
  // For writing the answer.
  std::chrono::milliseconds write_timeout{10'000};
};

// Serves GET and HEAD on a thread of its own.
class HttpServer {
 public:
  // May be called from any thread, later, and at most once has an effect.
  using Respond = std::function<void(HttpReply)>;
  // Called on the server's thread with the path, without the query.
  using Handler = std::function<void(std::string_view path, Respond respond)>;

  // Binds and starts to serve. On failure: a sentence with the address and what to do about it.
  static Result<std::unique_ptr<HttpServer>, std::string> start(HttpServerOptions options,
                                                                Handler handler);
  // Closes every connection and ends the thread.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Service;
  explicit HttpServer(std::unique_ptr<Service> service);

  std::unique_ptr<Service> service_;
};

}  // namespace bridge
