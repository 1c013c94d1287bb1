#include "session/local_port.h"

#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

struct Ear final : Port::Listener {
  void onSession(std::vector<Event> events) override { heard += events.size(); }
  void onEngineGone() override {
    ++gone;
    if (whenGone) whenGone();
  }
  std::size_t heard = 0;
  int gone = 0;
  std::function<void()> whenGone;
};

struct LocalPortTest : testing::Test {
  test::Net net;
  std::unique_ptr<test::TestHost> host =
      std::make_unique<test::TestHost>(net, std::vector<std::string>{"10.0.0.1"});
  std::shared_ptr<Attachment> attachment = std::make_shared<Attachment>();
  std::shared_ptr<Ear> ear = std::make_shared<Ear>();
  crypto::Identity::Shared identity = test::Peer::usual(true);

  LocalPortTest() { attachment->host = host.get(); }

  std::unique_ptr<LocalPort> open(std::shared_ptr<Ear> listener) {
    return std::make_unique<LocalPort>(attachment, dtls::Context::make(identity),
                                       test::makeConfig(identity), listener);
  }
  void create(LocalPort& port) {
    port.execute(CreateTransport{test::kTransport, ice::Credentials::generate(net.secrets)});
    host->settle();
  }
};

TEST_F(LocalPortTest, CommandsAreCallsAndEventsComeAtTheEndOfTheStep) {
  const auto port = open(ear);
  port->execute(CreateTransport{test::kTransport, ice::Credentials::generate(net.secrets)});
  EXPECT_EQ(host->sockets.size(), 1u);
  EXPECT_EQ(ear->heard, 0u);
  host->settle();
  EXPECT_EQ(ear->heard, 2u);  // a candidate, and that it was the last
}

TEST_F(LocalPortTest, CloseEndsTheSessionAndThePortIsDeaf) {
  const auto port = open(ear);
  create(*port);
  port->execute(Close{});
  EXPECT_TRUE(host->isEmpty());
  create(*port);
  EXPECT_TRUE(host->isEmpty());
  EXPECT_EQ(ear->heard, 2u);
}

TEST_F(LocalPortTest, DestroyingThePortIsClose) {
  auto port = open(ear);
  create(*port);
  port.reset();
  EXPECT_TRUE(host->isEmpty());
  EXPECT_TRUE(attachment->ports.empty());
}

TEST_F(LocalPortTest, AListenerThatIsGoneIsNoTrouble) {
  const auto port = open(ear);
  ear.reset();
  create(*port);
  attachment->detach();
  EXPECT_TRUE(host->isEmpty());
}

TEST_F(LocalPortTest, DetachingClosesEverySessionAndTellsItsListener) {
  const auto other = std::make_shared<Ear>();
  const auto one = open(ear), two = open(other);
  create(*one);
  create(*two);
  attachment->detach();
  EXPECT_TRUE(host->isEmpty());
  EXPECT_EQ(ear->gone, 1);
  EXPECT_EQ(other->gone, 1);
  EXPECT_EQ(attachment->host, nullptr);
}

TEST_F(LocalPortTest, APortOutlivesItsHost) {
  const auto port = open(ear);
  create(*port);
  attachment->detach();
  host.reset();
  port->execute(SetIceRole{true});
  port->execute(Close{});
}

TEST_F(LocalPortTest, APortThatIsOpenedAfterTheHostIsGoneIsDeaf) {
  attachment->detach();
  const auto port = open(ear);
  port->execute(SetIceRole{true});
  EXPECT_EQ(host->guests(), 0u);
}

// A listener that hears of the end lets go of its own port and of others.
TEST_F(LocalPortTest, PortsMayDieWhileTheHostIsDetached) {
  const auto other = std::make_shared<Ear>();
  auto one = open(ear), two = open(other), three = open(std::make_shared<Ear>());
  const auto dropAll = [&] {
    one.reset();
    two.reset();
    three.reset();
  };
  ear->whenGone = dropAll;
  other->whenGone = dropAll;
  attachment->detach();
  EXPECT_EQ(ear->gone + other->gone, 1);
  EXPECT_TRUE(host->isEmpty());
}

}  // namespace
}  // namespace parley::session
