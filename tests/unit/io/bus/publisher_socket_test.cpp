#include "bridge/io/bus/publisher_socket.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "bridge/io/bus/subscriber_socket.hpp"
#include "tests/unit/io/bus/temporary_folder.hpp"
#include "tests/unit/io/event_loop.hpp"
#include "tests/unit/io/web/scripted_server.hpp"

namespace bridge {
namespace {

using testing::TemporaryFolder;

constexpr const char* any_port = "tcp://127.0.0.1:*";
constexpr std::chrono::milliseconds patience{10'000};

using Change = std::pair<std::string, SubscriptionChange>;

class PublisherSocketTest : public ::testing::Test {
 protected:
  std::unique_ptr<PublisherSocket> bind(std::vector<std::string> endpoints, int queue = 20'000) {
    auto publisher = PublisherSocket::bind(
        context, {.endpoints = std::move(endpoints), .send_high_water_mark = queue});
    EXPECT_TRUE(publisher) << publisher.error();
    return std::move(*publisher);
  }

  std::string failure(const std::string& endpoint) {
    const auto publisher = PublisherSocket::bind(context, {.endpoints = {endpoint}});
    EXPECT_FALSE(publisher);
    return publisher ? "" : publisher.error();
  }

  SubscriberSocket subscriber(const std::string& endpoint) {
    auto socket = SubscriberSocket::connect(context, endpoint);
    EXPECT_TRUE(socket) << socket.error();
    return std::move(*socket);
  }

  // Collects what subscribers do until there are so many changes.
  std::vector<Change> changes(PublisherSocket& publisher, std::size_t count) {
    std::vector<Change> seen;
    EXPECT_TRUE(testing::wait_until([&] {
      publisher.drain_subscriptions([&](const Subscription& subscription) {
        seen.emplace_back(subscription.topic, subscription.change);
      });
      return seen.size() >= count;
    }));
    return seen;
  }

  zmq::context_t context;
};

TEST_F(PublisherSocketTest, MessageReachesSubscribersOfEveryEndpoint) {
  const TemporaryFolder folder;
  const std::string ipc = "ipc://" + (folder.path() / "bus.sock").string();
  const auto publisher = bind({any_port, ipc});
  ASSERT_EQ(publisher->last_endpoints().size(), 2u);
  EXPECT_EQ(publisher->last_endpoints()[1], ipc);
  SubscriberSocket over_tcp = subscriber(publisher->last_endpoints()[0]);
  SubscriberSocket over_ipc = subscriber(ipc);
  over_tcp.subscribe("position.");
  over_ipc.subscribe("position.");
  changes(*publisher, 2);
  EXPECT_EQ(publisher->send("position.update", "payload"), 22u);
  publisher->send("account.status", "not asked for");
  for (SubscriberSocket* socket : {&over_tcp, &over_ipc}) {
    const auto message = socket->receive(patience);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->topic, "position.update");
    EXPECT_EQ(message->payload, "payload");
  }
}

TEST_F(PublisherSocketTest, EveryChangeOfEverySubscriberIsTold) {
  const auto publisher = bind({any_port});
  SubscriberSocket first = subscriber(publisher->last_endpoints()[0]);
  first.subscribe("a.");
  EXPECT_EQ(changes(*publisher, 1), (std::vector<Change>{{"a.", SubscriptionChange::subscribe}}));
  {
    SubscriberSocket second = subscriber(publisher->last_endpoints()[0]);
    second.subscribe("a.");
    EXPECT_EQ(changes(*publisher, 1), (std::vector<Change>{{"a.", SubscriptionChange::subscribe}}));
    EXPECT_TRUE(
        testing::wait_until([&] { return publisher->monitor().connections().read() == 2; }));
  }
  EXPECT_EQ(changes(*publisher, 1), (std::vector<Change>{{"a.", SubscriptionChange::unsubscribe}}));
  first.unsubscribe("a.");
  EXPECT_EQ(changes(*publisher, 1), (std::vector<Change>{{"a.", SubscriptionChange::unsubscribe}}));
  EXPECT_TRUE(testing::wait_until([&] { return publisher->monitor().connections().read() == 1; }));
}

TEST_F(PublisherSocketTest, SlowSubscriberIsCountedAndOthersLoseNothing) {
  constexpr int queue = 1000;
  const auto publisher = bind({any_port}, queue);
  SubscriberSocket fast = subscriber(publisher->last_endpoints()[0]);
  zmq::socket_t slow{context, zmq::socket_type::sub};
  slow.set(zmq::sockopt::rcvhwm, 1);
  slow.set(zmq::sockopt::rcvbuf, 4096);
  slow.set(zmq::sockopt::linger, 0);
  slow.connect(publisher->last_endpoints()[0]);
  fast.subscribe("t");
  slow.set(zmq::sockopt::subscribe, "t");
  changes(*publisher, 2);

  // The fast one takes each message before the next is sent. The slow one's queue and the kernel's
  // buffers hold far fewer than the bound of this loop.
  const std::string payload(8 * 1024, 'p');
  int sent = 0;
  for (; publisher->slow_subscriber_episodes().read() == 0 && sent < 50'000; ++sent) {
    publisher->send("t", std::to_string(sent) + payload);
    const auto message = fast.receive(patience);
    ASSERT_TRUE(message) << sent;
    ASSERT_EQ(message->payload, std::to_string(sent) + payload);
  }
  EXPECT_EQ(publisher->slow_subscriber_episodes().read(), 1u);
  EXPECT_GE(sent, queue);
  // Still full, so it is passed over: one episode, not one for each message.
  for (int i = 0; i < 100; ++i) publisher->send("t", payload);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(fast.receive(patience));
  EXPECT_EQ(publisher->slow_subscriber_episodes().read(), 1u);
}

TEST_F(PublisherSocketTest, PortInUseIsSaidWithItsRemedy) {
  const auto publisher = bind({any_port});
  const std::string text = failure(publisher->last_endpoints()[0]);
  EXPECT_NE(text.find(publisher->last_endpoints()[0]), std::string::npos) << text;
  EXPECT_NE(text.find("choose another port"), std::string::npos) << text;
}

TEST_F(PublisherSocketTest, WhatIsNoEndpointIsSaidSo) {
  EXPECT_NE(failure("tcp//127.0.0.1").find("tcp://address:port"), std::string::npos);
  EXPECT_NE(failure("tcp://192.0.2.1:5556").find("no interface"), std::string::npos);
  EXPECT_NE(failure("ipc:///nonexistent/bus.sock").find("folder must exist"), std::string::npos);
}

TEST_F(PublisherSocketTest, IpcPathOfAnotherPublisherIsNotTaken) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "bus.sock").string();
  const auto publisher = bind({"ipc://" + path});
  EXPECT_NE(failure("ipc://" + path).find("another running bridge"), std::string::npos);
  // And the first still works.
  SubscriberSocket reader = subscriber("ipc://" + path);
  reader.subscribe("t");
  changes(*publisher, 1);
  publisher->send("t", "alive");
  EXPECT_TRUE(reader.receive(patience));
}

TEST_F(PublisherSocketTest, IpcSocketIsForOwnerAndGroup) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "bus.sock").string();
  const mode_t before = ::umask(0022);
  const auto publisher = bind({"ipc://" + path});
  EXPECT_EQ(::umask(before), 0022u);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST_F(PublisherSocketTest, PathLeftBehindIsUsedAgain) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "bus.sock").string();
  bind({"ipc://" + path}).reset();
  EXPECT_NE(bind({"ipc://" + path}), nullptr);
}

TEST_F(PublisherSocketTest, Ipv6IsServedWhereAsked) {
  const auto bound = PublisherSocket::bind(context, {.endpoints = {"tcp://[::1]:*"}});
  if (!bound) GTEST_SKIP() << "this machine has no IPv6: " << bound.error();
  const auto& publisher = *bound;
  SubscriberSocket reader = subscriber(publisher->last_endpoints()[0]);
  reader.subscribe("t");
  changes(*publisher, 1);
  publisher->send("t", "over IPv6");
  EXPECT_TRUE(reader.receive(patience));
}

TEST_F(PublisherSocketTest, PeerThatSpeaksNoZmtpIsCounted) {
  const auto publisher = bind({any_port});
  const std::string endpoint = publisher->last_endpoints()[0];
  const auto port = static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  boost::asio::io_context loop;
  testing::Tcp::socket stranger{loop};
  stranger.connect({boost::asio::ip::address_v4::loopback(), port});
  // A greeting of ZMTP 3 with a mechanism that nobody knows.
  std::string greeting{"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\0NONESUCH", 20};
  greeting.resize(64);
  testing::write_text(stranger, greeting);
  const SocketMonitor& monitor = publisher->monitor();
  EXPECT_TRUE(testing::wait_until([&] {
    return monitor.handshake_failures(HandshakeFailure::protocol) +
               monitor.handshake_failures(HandshakeFailure::other) >
           0;
  }));
}

TEST_F(PublisherSocketTest, TooLargeSubscriptionDisconnects) {
  const auto publisher = bind({any_port});
  SubscriberSocket greedy = subscriber(publisher->last_endpoints()[0]);
  greedy.subscribe("t");
  changes(*publisher, 1);
  greedy.subscribe(std::string(5000, 'x'));
  EXPECT_EQ(changes(*publisher, 1).front(), (Change{"t", SubscriptionChange::unsubscribe}));
}

TEST_F(PublisherSocketTest, StrangersInNumbersDoNotStopIt) {
  const auto publisher = bind({any_port});
  const std::string endpoint = publisher->last_endpoints()[0];
  const auto port = static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  boost::asio::io_context loop;
  // More than libzmq's queue of monitor events holds.
  for (int i = 0; i < 1500; ++i) {
    testing::Tcp::socket stranger{loop};
    stranger.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  SubscriberSocket reader = subscriber(endpoint);
  reader.subscribe("t");
  changes(*publisher, 1);
  publisher->send("t", "alive");
  EXPECT_TRUE(reader.receive(patience));
}

}  // namespace
}  // namespace bridge
