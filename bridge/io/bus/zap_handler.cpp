#include "bridge/io/bus/zap_handler.hpp"

#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

#include "bridge/core/subscribers/curve_key.hpp"
#include "bridge/core/values/assert.hpp"
#include "bridge/io/system/uninterrupted.hpp"

namespace bridge {

namespace {

constexpr const char* zap_address = "inproc://zeromq.zap.01";

// The frames of a request, as RFC 27 numbers them, and of those of CURVE there are so many.
namespace frame {
constexpr std::size_t version = 0;
constexpr std::size_t request_id = 1;
constexpr std::size_t domain = 2;
constexpr std::size_t address = 3;
constexpr std::size_t mechanism = 5;
constexpr std::size_t public_key = 6;
constexpr std::size_t count = 7;
}  // namespace frame

constexpr std::string_view zap_version = "1.0";

// Of any handler of the process.
std::string unique_stop_address() {
  static std::atomic<unsigned> count{0};
  return "inproc://position-bridge.zap-stop." + std::to_string(count++);
}

// Empty when it could not be received.
std::vector<std::string> receive_frames(zmq::socket_t& socket) {
  std::vector<std::string> frames;
  zmq::message_t frame;
  do {
    if (uninterrupted([&] { return zmq_msg_recv(frame.handle(), socket.handle(), 0); }) < 0)
      return {};
    frames.push_back(frame.to_string());
  } while (frame.more());
  return frames;
}

void send_frame(zmq::socket_t& socket, std::string_view text, int flags) {
  uninterrupted([&] { return zmq_send(socket.handle(), text.data(), text.size(), flags); });
}

std::string as_text(std::string_view key) {
  std::array<char, curve_key_size + 1> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  return text.data();
}

}  // namespace

Result<std::unique_ptr<ZapHandler>, std::string> ZapHandler::start(
    zmq::context_t& context, std::vector<AllowedClient> clients) {
  // Not make_unique: the constructor is private.
  std::unique_ptr<ZapHandler> handler{new ZapHandler{context, std::move(clients)}};
  if (zmq_bind(handler->requests_.handle(), zap_address) != 0) {
    return Failure<std::string>{
        "the list of allowed clients cannot be served, so nobody would be kept out: " +
        std::string{zmq_strerror(zmq_errno())}};
  }
  handler->thread_ = std::thread{[raw = handler.get()] { raw->run(); }};
  return handler;
}

ZapHandler::ZapHandler(zmq::context_t& context, std::vector<AllowedClient> clients)
    : requests_{context, zmq::socket_type::rep},
      stop_sender_{context, zmq::socket_type::pair},
      stop_receiver_{context, zmq::socket_type::pair},
      names_{by_key(std::move(clients))} {
  const std::string address = unique_stop_address();
  stop_receiver_.bind(address);
  stop_sender_.connect(address);
  for (zmq::socket_t* socket : {&requests_, &stop_sender_, &stop_receiver_})
    socket->set(zmq::sockopt::linger, 0);
}

ZapHandler::~ZapHandler() {
  if (!thread_.joinable()) return;
  send_frame(stop_sender_, "stop", 0);
  thread_.join();
}

void ZapHandler::set_observer(Observer observer) {
  const std::lock_guard lock{mutex_};
  observer_ = std::move(observer);
}

bool ZapHandler::set_allowed_clients(std::vector<AllowedClient> clients) {
  Names names = by_key(std::move(clients));
  const std::lock_guard lock{mutex_};
  names_.swap(names);
  return std::any_of(names.begin(), names.end(), [this](const auto& former) {
    return names_.find(former.first) == names_.end();
  });
}

ZapHandler::Names ZapHandler::by_key(std::vector<AllowedClient> clients) {
  Names names;
  for (AllowedClient& client : clients) {
    BRIDGE_ASSERT(is_curve_key(client.public_key) && !client.name.empty());
    Key key{};
    zmq_z85_decode(key.data(), client.public_key.c_str());
    names[key] = std::move(client.name);
  }
  return names;
}

void ZapHandler::run() {
  std::array<zmq::pollitem_t, 2> items{zmq::pollitem_t{requests_.handle(), 0, ZMQ_POLLIN, 0},
                                       zmq::pollitem_t{stop_receiver_.handle(), 0, ZMQ_POLLIN, 0}};
  while (true) {
    if (uninterrupted([&] { return zmq_poll(items.data(), items.size(), -1); }) < 0) return;
    if (items[1].revents != 0) return;
    if (items[0].revents != 0 && !answer_request()) return;
  }
}

bool ZapHandler::answer_request() {
  const std::vector<std::string> request = receive_frames(requests_);
  if (request.empty()) return false;
  const std::string name = decide(request);
  const std::string_view id = request.size() > frame::request_id
                                  ? std::string_view{request[frame::request_id]}
                                  : std::string_view{};
  send_frame(requests_, zap_version, ZMQ_SNDMORE);
  send_frame(requests_, id, ZMQ_SNDMORE);
  send_frame(requests_, name.empty() ? "400" : "200", ZMQ_SNDMORE);
  send_frame(requests_, name.empty() ? "not on the list" : "welcome", ZMQ_SNDMORE);
  send_frame(requests_, name, ZMQ_SNDMORE);  // the user id
  send_frame(requests_, {}, 0);              // no metadata
  return true;
}

// The client's name; empty: refused. Whatever is not as it should be is refused.
std::string ZapHandler::decide(const std::vector<std::string>& request) {
  if (request.size() != frame::count || request[frame::version] != zap_version ||
      request[frame::domain] != domain || request[frame::mechanism] != "CURVE")
    return {};
  const std::string& shown = request[frame::public_key];
  Key key{};
  if (shown.size() != key.size()) return {};
  std::copy(shown.begin(), shown.end(), key.begin());
  const std::lock_guard lock{mutex_};
  const auto found = names_.find(key);
  std::string name = found == names_.end() ? std::string{} : found->second;
  if (observer_)
    observer_({.name = name, .address = request[frame::address], .public_key = as_text(shown)});
  return name;
}

}  // namespace bridge
