#include "bridge/app/watch.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <csignal>

#include <iostream>
#include <zmq.hpp>

#include "bridge/app/watch_table.hpp"
#include "bridge/io/clock.hpp"
#include "bridge/io/subscriber_socket.hpp"
#include "bridge/wire/bus_topics.hpp"
#include "bridge/wire/bus_value.hpp"
#include "bridge/wire/message_reader.hpp"

namespace bridge {
namespace {

constexpr Duration redraw_interval = std::chrono::milliseconds{250};
constexpr std::chrono::milliseconds receive_timeout{100};
constexpr std::size_t default_height = 40;

volatile std::sig_atomic_t interrupted = 0;

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

std::size_t terminal_height() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return default_height;
  return size.ws_row - 1U;  // the cursor's own line
}

void subscribe(SubscriberSocket& socket, const std::string& account) {
  const std::string filter = account.empty() ? "" : account + ".";
  socket.subscribe("position.update." + filter);
  socket.subscribe("account.status." + account);
  socket.subscribe(heartbeat_topic);
  socket.subscribe(shutdown_topic);
}

// A filter is a beginning: that of account "main" lets the status of "main2" through too.
bool is_wanted(const ReceivedMessage& message, const std::string& account) {
  return account.empty() || !message.topic.starts_with("account.status.") ||
         message.topic == account_status_topic(account);
}

void watch_as_json(SubscriberSocket& socket, const std::string& account) {
  while (interrupted == 0 && std::cout) {
    const auto message = socket.receive(receive_timeout);
    if (!message) {
      std::cout.flush();
      continue;
    }
    if (!is_wanted(*message, account)) continue;
    const auto value = decode_bus_value(message->payload);
    if (value) {
      std::cout << to_json(*value) << '\n';
    } else {
      std::cerr << message->topic << ": " << to_string(value.error()) << '\n';
    }
  }
  std::cout.flush();
}

void watch_as_table(SubscriberSocket& socket, const std::string& account) {
  constexpr std::string_view hide_cursor = "\033[?25l";
  constexpr std::string_view show_cursor = "\033[?25h";
  constexpr std::string_view home_and_clear = "\033[H\033[J";
  WatchTable table;
  MonotonicTime drawn_at{};
  std::cout << hide_cursor;
  while (interrupted == 0 && std::cout) {
    const auto message = socket.receive(receive_timeout);
    const Now now = read_clocks();
    if (message && is_wanted(*message, account)) {
      // What this program does not understand is not its to show.
      if (const auto read = read_message(message->payload)) table.apply(*read, now);
    }
    if (now.monotonic - drawn_at < redraw_interval) continue;
    drawn_at = now.monotonic;
    std::cout << home_and_clear << table.render(terminal_height(), now, WatchTable::Colors::yes)
              << std::flush;
  }
  std::cout << show_cursor << std::flush;
}

}  // namespace

ExitCode watch_command(const WatchOptions& options) {
  stop_on_signals();
  zmq::context_t context;
  auto socket = SubscriberSocket::connect(context, options.endpoint);
  if (!socket) {
    std::cerr << socket.error() << '\n';
    return ExitCode::bad_usage;
  }
  subscribe(*socket, options.account);
  if (options.json || isatty(STDOUT_FILENO) == 0) {
    watch_as_json(*socket, options.account);
  } else {
    watch_as_table(*socket, options.account);
  }
  return ExitCode::done;
}

}  // namespace bridge
