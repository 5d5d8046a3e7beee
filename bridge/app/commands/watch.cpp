#include "bridge/app/commands/watch.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <utility>
#include <zmq.hpp>

#include "bridge/app/commands/watch_table.hpp"
#include "bridge/app/configuration/secret_source.hpp"
#include "bridge/core/subscribers/curve_key.hpp"
#include "bridge/io/bus/curve_keys.hpp"
#include "bridge/io/bus/subscriber_socket.hpp"
#include "bridge/io/system/clock.hpp"
#include "bridge/wire/bus/bus_topics.hpp"
#include "bridge/wire/bus/bus_value.hpp"
#include "bridge/wire/bus/message_reader.hpp"

namespace bridge {
namespace {

constexpr Duration redraw_interval = std::chrono::milliseconds{250};
constexpr std::chrono::milliseconds receive_timeout{100};
constexpr std::size_t default_height = 40;
constexpr std::uint64_t hang_ups_max = 3;

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

// Keys for an encrypted bus; none when none are named. On failure: a sentence.
Result<std::optional<CurveClient>, std::string> read_keys(const WatchOptions& options) {
  if (options.secret_key_file.empty()) return std::nullopt;
  auto secret_key =
      read_secret({.kind = SecretSource::Kind::file, .name = options.secret_key_file, .place = {}});
  if (!secret_key)
    return Failure<std::string>{secret_key.error().what + "; " + secret_key.error().remedy};
  auto public_key = curve_public_key(*secret_key);
  if (!public_key)
    return Failure<std::string>{options.secret_key_file + ": " + public_key.error() +
                                "; position-bridge keygen makes one"};
  std::string server_key = options.server_key;
  if (!is_curve_key(server_key)) {
    std::ifstream file{options.server_key};
    if (!(file >> server_key) || !is_curve_key(server_key))
      return Failure<std::string>{options.server_key +
                                  ": neither a public key, 40 characters of Z85, nor a file that "
                                  "holds one"};
  }
  return CurveClient{
      .keys = {.public_key = std::move(*public_key), .secret_key = std::move(*secret_key)},
      .server_public_key = std::move(server_key)};
}

// Why the bridge turned us away; nothing: it has not, as far as is known.
std::optional<std::string> refusal(const SubscriberSocket& socket, const WatchOptions& options) {
  if (socket.refusals(HandshakeFailure::auth) > 0)
    return options.endpoint + " refuses the key: it is not in the bridge's allowed_clients";
  const bool is_encrypted = !options.secret_key_file.empty();
  if (socket.refusals(HandshakeFailure::protocol) > 0)
    return options.endpoint + (is_encrypted
                                   ? " is not encrypted: leave out the keys"
                                   : " is encrypted: give --secret-key-file and --server-key");
  // A server that cannot read what we say hangs up, and does not say why.
  if (is_encrypted && socket.refusals(HandshakeFailure::other) >= hang_ups_max)
    return options.endpoint + " hangs up again and again: its key is not --server-key";
  return std::nullopt;
}

void subscribe(SubscriberSocket& socket, const std::string& account) {
  const std::string filter = account.empty() ? "" : account + ".";
  socket.subscribe("position.update." + filter);
  socket.subscribe("account.status." + account);
  socket.subscribe(heartbeat_topic);
  socket.subscribe(shutdown_topic);
}

// So that what is known of the accounts is there before the next messages about them are. The
// subscription stays, so a bridge that is started anew is asked anew.
void ask_for_snapshot(SubscriberSocket& socket, const std::string& account) {
  std::random_device random;
  std::array<char, 17> nonce{};
  std::snprintf(nonce.data(), nonce.size(), "%08x%08x", random(), random());
  socket.subscribe(std::string{snapshot_topic_prefix} + nonce.data() + "." +
                   (account.empty() ? std::string{every_account} : account));
}

// A filter is a beginning: that of account "main" lets the status of "main2" through too.
bool is_wanted(const ReceivedMessage& message, const std::string& account) {
  return account.empty() || !message.topic.starts_with("account.status.") ||
         message.topic == account_status_topic(account);
}

void watch_as_json(SubscriberSocket& socket, const WatchOptions& options) {
  while (interrupted == 0 && std::cout) {
    const auto message = socket.receive(receive_timeout);
    if (!message) {
      std::cout.flush();
      if (refusal(socket, options)) return;
      continue;
    }
    if (!is_wanted(*message, options.account)) continue;
    const auto value = decode_bus_value(message->payload);
    if (value) {
      std::cout << to_json(*value) << '\n';
    } else {
      std::cerr << message->topic << ": " << to_string(value.error()) << '\n';
    }
  }
  std::cout.flush();
}

void watch_as_table(SubscriberSocket& socket, const WatchOptions& options) {
  constexpr std::string_view hide_cursor = "\033[?25l";
  constexpr std::string_view show_cursor = "\033[?25h";
  constexpr std::string_view home_and_clear = "\033[H\033[J";
  ask_for_snapshot(socket, options.account);
  WatchTable table;
  MonotonicTime drawn_at{};
  std::cout << hide_cursor;
  while (interrupted == 0 && std::cout) {
    const auto message = socket.receive(receive_timeout);
    if (!message && refusal(socket, options)) break;
    const Now now = read_clocks();
    if (message && is_wanted(*message, options.account)) {
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
  const auto keys = read_keys(options);
  if (!keys) {
    std::cerr << keys.error() << '\n';
    return ExitCode::bad_usage;
  }
  zmq::context_t context;
  auto socket = SubscriberSocket::connect(context, options.endpoint, *keys);
  if (!socket) {
    std::cerr << socket.error() << '\n';
    return ExitCode::bad_usage;
  }
  subscribe(*socket, options.account);
  if (options.json || isatty(STDOUT_FILENO) == 0) {
    watch_as_json(*socket, options);
  } else {
    watch_as_table(*socket, options);
  }
  const auto refused = refusal(*socket, options);
  if (!refused) return ExitCode::done;
  std::cerr << *refused << '\n';
  return ExitCode::not_available;
}

}  // namespace bridge
