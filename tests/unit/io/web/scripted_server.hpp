#pragma once

#include <sys/socket.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "bridge/io/web/server_address.hpp"
#include "bridge/io/web/tls_context.hpp"

namespace bridge::testing {

using Tcp = boost::asio::ip::tcp;

// Accepts one connection for each script, in order, and plays the script on it: on a thread of its
// own, with calls that wait.
class ScriptedServer {
 public:
  using Script = std::function<void(Tcp::socket&)>;

  explicit ScriptedServer(std::vector<Script> scripts)
      : thread_{[this, todo = std::move(scripts)] { play(todo); }} {}

  // Ends what is still being played; the client may outlive its server.
  ~ScriptedServer() {
    {
      const std::lock_guard lock{mutex_};
      is_ending_ = true;
      // Unlike close(), this wakes a thread that waits for the socket.
      ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
      if (playing_ != nullptr) ::shutdown(playing_->native_handle(), SHUT_RDWR);
    }
    thread_.join();
  }

  ServerAddress address() const {
    return {.encryption = Encryption::none, .host = "127.0.0.1", .port = endpoint_.port()};
  }

 private:
  void play(const std::vector<Script>& scripts) {
    for (const Script& script : scripts) {
      Tcp::socket socket{loop_};
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || !begin(socket)) return;
      try {
        script(socket);
      } catch (const boost::system::system_error&) {
        // The client went away in the middle of the script.
      }
      const std::lock_guard lock{mutex_};
      playing_ = nullptr;
    }
  }

  bool begin(Tcp::socket& socket) {
    const std::lock_guard lock{mutex_};
    if (is_ending_) return false;
    playing_ = &socket;
    return true;
  }

  boost::asio::io_context loop_;
  Tcp::acceptor acceptor_{loop_, Tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  Tcp::endpoint endpoint_{acceptor_.local_endpoint()};
  std::mutex mutex_;
  bool is_ending_ = false;
  Tcp::socket* playing_ = nullptr;
  std::thread thread_;
};

// Up to the empty line behind a request.
inline std::string read_head(Tcp::socket& socket) {
  std::string text;
  const std::size_t size =
      boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n");
  return text.substr(0, size);
}

inline void write_text(Tcp::socket& socket, std::string_view text) {
  boost::asio::write(socket, boost::asio::buffer(text.data(), text.size()));
}

// Waits until the client has closed the connection, and returns what it still sent.
inline std::string read_to_end(Tcp::socket& socket) {
  std::string text;
  boost::system::error_code error;
  boost::asio::read(socket, boost::asio::dynamic_buffer(text), error);
  return text;
}

// A port that nobody listens on: one that was free a moment ago.
inline ServerAddress nobody() {
  boost::asio::io_context loop;
  Tcp::acceptor acceptor{loop, Tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  return {.encryption = Encryption::none,
          .host = "127.0.0.1",
          .port = acceptor.local_endpoint().port()};
}

inline TlsContext unused_tls() {
  auto context = TlsContext::create(std::nullopt);
  return *context;
}

}  // namespace bridge::testing
