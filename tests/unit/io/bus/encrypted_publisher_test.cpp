#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bridge/io/bus/curve_probe.hpp"
#include "bridge/io/bus/publisher_socket.hpp"
#include "bridge/io/bus/subscriber_socket.hpp"
#include "bridge/io/bus/zap_handler.hpp"
#include "tests/unit/io/bus/temporary_folder.hpp"
#include "tests/unit/io/event_loop.hpp"
#include "tests/unit/io/web/scripted_server.hpp"

namespace bridge {
namespace {

using testing::TemporaryFolder;

constexpr const char* any_port = "tcp://127.0.0.1:*";
constexpr std::chrono::milliseconds patience{10'000};
constexpr std::chrono::milliseconds moment{300};

struct SeenDecision {
  std::string name;
  std::string address;
  std::string public_key;
};

class EncryptedPublisherTest : public ::testing::Test {
 protected:
  std::unique_ptr<PublisherSocket> bind(std::vector<std::string> endpoints = {any_port}) {
    auto publisher = PublisherSocket::bind(
        context, {.endpoints = std::move(endpoints),
                  .encryption = PublisherEncryption{server.secret_key, *handler}});
    EXPECT_TRUE(publisher) << publisher.error();
    return std::move(*publisher);
  }

  SubscriberSocket subscriber(const PublisherSocket& publisher,
                              const std::optional<CurveKeyPair>& keys, std::size_t endpoint = 0) {
    std::optional<CurveClient> client;
    if (keys) client = CurveClient{.keys = *keys, .server_public_key = server.public_key};
    auto socket = SubscriberSocket::connect(context, publisher.last_endpoints()[endpoint], client);
    EXPECT_TRUE(socket) << socket.error();
    socket->subscribe("t");
    return std::move(*socket);
  }

  static std::uint16_t port_of(const PublisherSocket& publisher) {
    const std::string& endpoint = publisher.last_endpoints()[0];
    return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  }

  // The next subscription, as "peer: topic".
  static std::string next_subscription(PublisherSocket& publisher) {
    std::string seen;
    EXPECT_TRUE(testing::wait_until([&] {
      publisher.drain_subscriptions([&](const Subscription& subscription) {
        if (subscription.change == SubscriptionChange::subscribe)
          seen = std::string{subscription.peer} + ": " + std::string{subscription.topic};
      });
      return !seen.empty();
    }));
    return seen;
  }

  static bool comes_to(const PublisherSocket& publisher, HandshakeFailure reason,
                       std::uint64_t count) {
    return testing::wait_until(
        [&] { return publisher.monitor().handshake_failures(reason) >= count; });
  }

  std::vector<SeenDecision> decisions() {
    const std::lock_guard lock{mutex};
    return seen;
  }

  zmq::context_t context;
  const CurveKeyPair server = make_curve_key_pair().value();
  const CurveKeyPair risk = make_curve_key_pair().value();
  const CurveKeyPair pnl = make_curve_key_pair().value();
  const CurveKeyPair stranger = make_curve_key_pair().value();
  std::mutex mutex;
  std::vector<SeenDecision> seen;
  std::unique_ptr<ZapHandler> handler =
      ZapHandler::start(context, {{"risk", risk.public_key}, {"pnl", pnl.public_key}}).value();
};

TEST_F(EncryptedPublisherTest, ListedClientIsServedAndKnownByItsName) {
  const auto publisher = bind();
  SubscriberSocket client = subscriber(*publisher, risk);
  EXPECT_EQ(next_subscription(*publisher), "risk: t");
  publisher->send("t", "for risk");
  const auto message = client.receive(patience);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload, "for risk");
  EXPECT_EQ(publisher->monitor().connections().read(), 1U);
}

TEST_F(EncryptedPublisherTest, EveryEndpointIsEncrypted) {
  const TemporaryFolder folder;
  const auto publisher = bind({any_port, "ipc://" + (folder.path() / "bus.sock").string()});
  SubscriberSocket listed = subscriber(*publisher, pnl, 1);
  EXPECT_EQ(next_subscription(*publisher), "pnl: t");
  SubscriberSocket unlisted = subscriber(*publisher, stranger, 1);
  EXPECT_TRUE(comes_to(*publisher, HandshakeFailure::auth, 1));
}

TEST_F(EncryptedPublisherTest, ItsOwnAttemptsAtTheStartAreNotCounted) {
  const TemporaryFolder folder;
  const auto publisher = bind({any_port, "ipc://" + (folder.path() / "bus.sock").string()});
  EXPECT_EQ(publisher->monitor().handshake_failures(HandshakeFailure::auth), 0U);
}

TEST_F(EncryptedPublisherTest, UnlistedClientIsRefusedAndCounted) {
  const auto publisher = bind();
  SubscriberSocket unlisted = subscriber(*publisher, stranger);
  EXPECT_TRUE(comes_to(*publisher, HandshakeFailure::auth, 1));
  publisher->send("t", "secret");
  EXPECT_FALSE(unlisted.receive(moment));
  EXPECT_GE(unlisted.refusals(HandshakeFailure::auth), 1U);
}

TEST_F(EncryptedPublisherTest, UnencryptedClientIsRefusedAndCounted) {
  const auto publisher = bind();
  SubscriberSocket plain = subscriber(*publisher, std::nullopt);
  // Both sides see that they do not match; when it hangs up first, it is one that went away.
  const SocketMonitor& monitor = publisher->monitor();
  EXPECT_TRUE(testing::wait_until([&] {
    return monitor.handshake_failures(HandshakeFailure::protocol) +
               monitor.handshake_failures(HandshakeFailure::other) >
           0;
  }));
  publisher->send("t", "secret");
  EXPECT_FALSE(plain.receive(moment));
}

TEST_F(EncryptedPublisherTest, GarbageIsRefusedAndCountedWhateverItIs) {
  const auto publisher = bind();
  SubscriberSocket friendly = subscriber(*publisher, risk);
  EXPECT_EQ(next_subscription(*publisher), "risk: t");
  boost::asio::io_context loop;
  const std::vector<std::string> garbage{"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                         std::string(100, '\0'), std::string(64, '\xFF')};
  for (const std::string& bytes : garbage) {
    testing::Tcp::socket speaker{loop};
    speaker.connect({boost::asio::ip::address_v4::loopback(), port_of(*publisher)});
    testing::write_text(speaker, bytes);
    // It is closed by the other side.
    boost::system::error_code error;
    char byte = 0;
    while (!error) boost::asio::read(speaker, boost::asio::buffer(&byte, 1), error);
  }
  EXPECT_TRUE(comes_to(*publisher, HandshakeFailure::protocol, garbage.size()));
  EXPECT_EQ(publisher->monitor().handshake_failures(HandshakeFailure::protocol), garbage.size());
  publisher->send("t", "alive");
  EXPECT_TRUE(friendly.receive(patience));
}

TEST_F(EncryptedPublisherTest, ClientTakenOffTheListIsCutOffAndTheOthersComeBack) {
  const auto publisher = bind();
  SubscriberSocket stays = subscriber(*publisher, risk);
  EXPECT_EQ(next_subscription(*publisher), "risk: t");
  SubscriberSocket goes = subscriber(*publisher, pnl);
  EXPECT_EQ(next_subscription(*publisher), "pnl: t");
  EXPECT_TRUE(handler->set_allowed_clients({{"risk", risk.public_key}}));
  // It is still connected, so far.
  publisher->send("t", "before");
  EXPECT_TRUE(goes.receive(patience));
  EXPECT_TRUE(stays.receive(patience));
  const auto disconnected = publisher->disconnect_subscribers();
  ASSERT_TRUE(disconnected) << disconnected.error();
  // Both sockets are used all the time, as in life: that is when libzmq goes on with them.
  EXPECT_TRUE(testing::wait_until([&] {
    publisher->drain_subscriptions([](const Subscription&) {});
    publisher->send("t", "after");
    const bool has_come_back = stays.receive(std::chrono::milliseconds{10}).has_value();
    return has_come_back && publisher->monitor().handshake_failures(HandshakeFailure::auth) > 0;
  }));
  EXPECT_FALSE(goes.receive(moment));
}

TEST_F(EncryptedPublisherTest, ClientPutOnTheListComesInAndNobodyIsDisturbed) {
  const auto publisher = bind();
  SubscriberSocket unlisted = subscriber(*publisher, stranger);
  EXPECT_TRUE(comes_to(*publisher, HandshakeFailure::auth, 1));
  EXPECT_FALSE(handler->set_allowed_clients(
      {{"risk", risk.public_key}, {"pnl", pnl.public_key}, {"new", stranger.public_key}}));
  // A refused client is not told to come again; a new one of its kind is let in.
  SubscriberSocket again = subscriber(*publisher, stranger);
  EXPECT_EQ(next_subscription(*publisher), "new: t");
}

TEST_F(EncryptedPublisherTest, DecisionsAreToldWithAddressAndKey) {
  handler->set_observer([this](const ZapHandler::Decision& decision) {
    const std::lock_guard lock{mutex};
    seen.push_back({std::string{decision.name}, std::string{decision.address},
                    std::string{decision.public_key}});
  });
  const auto publisher = bind();
  SubscriberSocket client = subscriber(*publisher, risk);
  EXPECT_TRUE(testing::wait_until([&] { return decisions().size() >= 2; }));
  EXPECT_EQ(decisions()[0].name, "") << "the attempt at the start";
  EXPECT_EQ(decisions()[1].name, "risk");
  EXPECT_EQ(decisions()[1].address, "127.0.0.1");
  EXPECT_EQ(decisions()[1].public_key, risk.public_key);
}

TEST_F(EncryptedPublisherTest, SecondHandlerOfAContextIsRefused) {
  const auto second = ZapHandler::start(context, {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("nobody would be kept out"), std::string::npos) << second.error();
}

// What the publisher tries at its start, against sockets that it would never make.
class CurveProbeTest : public ::testing::Test {
 protected:
  ProbeOutcome probe(const std::string& endpoint, std::chrono::milliseconds time) {
    return probe_endpoint(context, endpoint, server.public_key, stranger, time);
  }

  zmq::context_t context;
  const CurveKeyPair server = make_curve_key_pair().value();
  const CurveKeyPair stranger = make_curve_key_pair().value();
};

TEST_F(CurveProbeTest, SocketThatEncryptsButAsksNobodyIsFoundOut) {
  zmq::socket_t open{context, zmq::socket_type::xpub};
  open.set(zmq::sockopt::curve_server, true);
  open.set(zmq::sockopt::curve_secretkey, std::string{server.secret_key.reveal()});
  open.bind(any_port);
  EXPECT_EQ(probe(open.get(zmq::sockopt::last_endpoint), patience), ProbeOutcome::let_in);
}

TEST_F(CurveProbeTest, SocketThatDoesNotEncryptIsNoProof) {
  zmq::socket_t plain{context, zmq::socket_type::xpub};
  plain.bind(any_port);
  EXPECT_EQ(probe(plain.get(zmq::sockopt::last_endpoint), moment), ProbeOutcome::no_answer);
}

TEST_F(CurveProbeTest, SilenceIsNoProof) {
  EXPECT_EQ(probe("tcp://127.0.0.1:1", moment), ProbeOutcome::no_answer);
}

TEST(CurveKeys, PublicKeyFollowsFromTheSecretOne) {
  const auto pair = make_curve_key_pair();
  ASSERT_TRUE(pair) << pair.error();
  EXPECT_EQ(curve_public_key(pair->secret_key), pair->public_key);
  EXPECT_NE(make_curve_key_pair()->public_key, pair->public_key);
  EXPECT_FALSE(curve_public_key(Secret{"short"}));
}

}  // namespace
}  // namespace bridge
