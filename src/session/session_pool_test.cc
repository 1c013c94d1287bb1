// The candidate pool of RFC 9429 3.5.4: gathered ahead of need, told when a transport takes it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/limits.h"
#include "session/test_peer.h"
#include "stun/builder.h"

namespace parley::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Sees every address as the same one of a NAT, and says so unless it is silent.
struct StunServer final : Host::Guest {
  StunServer(test::Net& net, const std::string& address) : host(net, {address}) {
    host.enter(*this);
    const IpAddress ip = *IpAddress::parse(address);
    socket = host.openUdp(*this, {.local = ip, .portMin = 3'478, .portMax = 3'478}).value().socket;
  }
  ~StunServer() override { host.leave(*this); }

  void onDatagram(Step& step, Datagram datagram) override {
    const auto asked = stun::MessageView::parse(datagram.packet.bytes());
    if (!asked || isSilent) return;
    clients.insert(datagram.remote);
    ++answered;
    Packet answer =
        stun::MessageBuilder(step.packets.take(), stun::Class::success, stun::Method::binding,
                             asked->transaction())
            .addXorAddress(stun::Attribute::xorMappedAddress, {mapped, datagram.remote.port})
            .finish();
    host.send({.socket = socket, .remote = datagram.remote, .packet = std::move(answer)});
  }
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}

  test::TestHost host;
  SocketId socket{};
  IpAddress mapped = *IpAddress::parse("198.51.100.1");
  bool isSilent = false;
  std::set<Address> clients;
  int answered = 0;
};

IceServer at(const std::string& host) {
  return {.host = host, .port = 3'478, .username = {}, .password = {}, .url = "stun:" + host};
}

struct SessionPool : testing::Test {
  void pool(std::size_t size, std::vector<IceServer> servers = {at("192.0.2.9")}) {
    alice.execute(SetGatherPolicy{false, std::move(servers)});
    alice.execute(SetPool{size});
    net.runFor(1s);
  }
  void createAnother(std::uint16_t id) {
    alice.execute(CreateTransport{TransportId{id}, ice::Credentials::generate(net.secrets)});
  }
  std::vector<std::string> told(TransportId of = test::kTransport) const {
    std::vector<std::string> addresses;
    for (const CandidateFound& found : alice.all<CandidateFound>())
      if (found.id == of) addresses.push_back(found.candidate.address.ip.toString());
    return addresses;
  }

  test::Net net;
  StunServer server{net, "192.0.2.9"};
  StunServer other{net, "192.0.2.10"};
  test::Peer alice{net, "10.0.0.1", true};
};

TEST_F(SessionPool, NothingIsToldBeforeATransportTakesFromItAndThenAllAtOnce) {
  pool(2);
  EXPECT_THAT(alice.events, IsEmpty());
  EXPECT_EQ(alice.host.sockets.size(), 2u);
  EXPECT_EQ(server.clients.size(), 2u);
  const std::size_t before = net.sent.size();
  alice.create();  // and no time passes
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.1"));
  for (const CandidateFound& found : alice.all<CandidateFound>())
    EXPECT_EQ(found.candidate.usernameFragment, alice.credentials.ufrag);
  ASSERT_EQ(alice.count<GatheringEnded>(), 1u);
  EXPECT_EQ(alice.all<GatheringEnded>()[0].ufrag, alice.credentials.ufrag);
  EXPECT_EQ(net.sent.size(), before);
  EXPECT_EQ(alice.host.sockets.size(), 2u);
}

TEST_F(SessionPool, WhatIsNotThereYetIsGatheredAsUsual) {
  pool(1);
  alice.create();
  createAnother(4);
  EXPECT_THAT(told(TransportId{4}), ElementsAre("10.0.0.1"));
  net.runFor(1s);
  EXPECT_THAT(told(TransportId{4}), ElementsAre("10.0.0.1", "198.51.100.1"));
  EXPECT_EQ(alice.count<GatheringEnded>(), 2u);
}

TEST_F(SessionPool, AQuestionUnderWayIsNotAskedAgain) {
  alice.execute(SetGatherPolicy{false, {at("192.0.2.9")}});
  alice.execute(SetPool{1});
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.1"));
  EXPECT_EQ(alice.count<GatheringEnded>(), 0u);
  net.runFor(1s);
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.1"));
  EXPECT_EQ(alice.count<GatheringEnded>(), 1u);
  EXPECT_EQ(server.answered, 1);
}

TEST_F(SessionPool, ASizeIsObeyedBothWaysAsFarAsItGoes) {
  pool(200);
  EXPECT_EQ(alice.host.sockets.size(), limits::ice::kPool);
  pool(3);
  EXPECT_EQ(alice.host.sockets.size(), 3u);
  pool(4);
  EXPECT_EQ(alice.host.sockets.size(), 4u);
  pool(0);
  EXPECT_EQ(alice.host.sockets.size(), 0u);
  net.runFor(60s);
  EXPECT_THAT(alice.events, IsEmpty());
  EXPECT_EQ(alice.session->holdings().transactions, 0u);
}

TEST_F(SessionPool, ARestartDoesNotDrawFromIt) {
  pool(2);
  alice.create();
  const std::size_t before = alice.host.sockets.size();
  alice.restart();
  EXPECT_EQ(alice.host.sockets.size(), before);
  createAnother(4);
  EXPECT_EQ(alice.host.sockets.size(), before);  // the second one was still there
  alice.execute(SetPool{0});
  EXPECT_EQ(alice.host.sockets.size(), before);
}

TEST_F(SessionPool, OfAPoolGatheredUnderAnotherPolicyOnlyWhatMayBeToldIs) {
  pool(1);
  alice.execute(SetGatherPolicy{true, {at("192.0.2.9")}});
  EXPECT_EQ(alice.host.sockets.size(), 1u);  // RFC 9429 4.1.18: no effect on the pool
  alice.create();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(alice.count<GatheringEnded>(), 1u);
  EXPECT_EQ(alice.host.sockets.size(), 0u);
}

TEST_F(SessionPool, WhatTheFormerPolicyForbadeIsGatheredAtAdoption) {
  alice.execute(SetGatherPolicy{true, {at("192.0.2.9")}});
  alice.execute(SetPool{1});
  net.runFor(1s);
  EXPECT_EQ(alice.host.sockets.size(), 0u);
  EXPECT_EQ(server.answered, 0);
  alice.execute(SetGatherPolicy{false, {at("192.0.2.9")}});
  alice.create();
  net.runFor(1s);
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.1"));
}

TEST_F(SessionPool, WithOtherServersItIsGatheredAnew) {
  other.mapped = *IpAddress::parse("198.51.100.2");
  pool(2);
  pool(2, {at("192.0.2.10")});
  EXPECT_EQ(alice.host.sockets.size(), 2u);
  EXPECT_EQ(other.clients.size(), 2u);
  const std::size_t before = net.sent.size();
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.2"));
  EXPECT_EQ(net.sent.size(), before);
  const int former = server.answered;
  net.runFor(60s);
  EXPECT_EQ(server.answered, former);  // nothing is kept alive there any more
}

TEST_F(SessionPool, AServerThatFailedIsAskedAgainAndToldOfOnlyThen) {
  server.isSilent = true;
  pool(1);
  net.runFor(60s);
  EXPECT_THAT(alice.events, IsEmpty());
  alice.create();
  EXPECT_EQ(alice.count<CandidateError>(), 0u);
  EXPECT_EQ(alice.count<GatheringEnded>(), 0u);
  net.runFor(60s);
  ASSERT_EQ(alice.count<CandidateError>(), 1u);
  EXPECT_EQ(alice.all<CandidateError>()[0].id, test::kTransport);
  EXPECT_EQ(alice.all<CandidateError>()[0].code, 701);
  EXPECT_EQ(alice.count<GatheringEnded>(), 1u);
}

TEST_F(SessionPool, AServerThatHasComeBackIsOfUse) {
  server.isSilent = true;
  pool(1);
  net.runFor(60s);
  server.isSilent = false;
  alice.create();
  net.runFor(1s);
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.1"));
  EXPECT_EQ(alice.count<CandidateError>(), 0u);
}

TEST_F(SessionPool, ANameIsLookedUpOnceForEachTransport) {
  pool(2, {at("stun.example")});
  EXPECT_EQ(alice.host.asked.size(), 2u);
  EXPECT_TRUE(alice.host.answer("stun.example", {*IpAddress::parse("192.0.2.9")}));
  net.runFor(1s);
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.1"));
  EXPECT_EQ(alice.count<GatheringEnded>(), 1u);
  EXPECT_EQ(alice.host.asked.size(), 1u);  // of the other one
}

TEST_F(SessionPool, MappingsAreKeptAliveAndToldAsTheyWereSeenLast) {
  pool(1);
  server.mapped = *IpAddress::parse("198.51.100.7");
  net.runFor(limits::ice::kKeepalive + 1s);
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.1", "198.51.100.7"));
}

TEST_F(SessionPool, AddressesThatCameAndWentMeanwhileAreThoseOfTheMachine) {
  pool(1);
  alice.host.interfaceList.clear();
  alice.host.addInterface("10.0.0.77");
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.77"));
  net.runFor(1s);
  EXPECT_THAT(told(), ElementsAre("10.0.0.77", "198.51.100.1"));
  EXPECT_EQ(alice.host.sockets.size(), 1u);
}

TEST_F(SessionPool, WhenItIsToldOfTheNetworkItFollowsIt) {
  pool(1);
  alice.host.addInterface("10.0.0.77", InterfaceKind::wifi);
  std::erase_if(alice.host.interfaceList, [](const NetworkInterface& each) {
    return each.address == *IpAddress::parse("10.0.0.1");
  });
  alice.session->onInterfacesChanged(alice.host.step());
  alice.host.touch(*alice.session);
  net.runFor(1s);
  EXPECT_THAT(alice.events, IsEmpty());
  const std::size_t before = net.sent.size();
  alice.create();
  EXPECT_THAT(told(), ElementsAre("10.0.0.77", "198.51.100.1"));
  EXPECT_EQ(net.sent.size(), before);
}

TEST_F(SessionPool, StrangersAreNotAnsweredThere) {
  pool(1);
  const Address local = alice.host.sockets.begin()->second.local;
  const Address stranger{*IpAddress::parse("203.0.113.7"), 9};
  Packet request = stun::MessageBuilder(net.pool.take(), stun::Class::request,
                                        stun::Method::binding, stun::TransactionId{1, 2, 3})
                       .addText(stun::Attribute::username, "aaaa:bbbb")
                       .finish(stun::Integrity::sha1, bytesOf("a guess"));
  const std::size_t before = net.sent.size();
  net.inject({.from = stranger, .to = local, .bytes = toVector(request.bytes()), .sent = net.now});
  net.runFor(1s);
  EXPECT_EQ(net.sent.size(), before);
  EXPECT_THAT(alice.events, IsEmpty());
}

TEST_F(SessionPool, CloseLeavesNothingOfIt) {
  server.isSilent = true;
  alice.execute(SetGatherPolicy{false, {at("192.0.2.9"), at("stun.example")}});
  alice.execute(SetPool{4});
  alice.execute(Close{});
  EXPECT_TRUE(alice.host.isEmpty());
  const std::size_t before = net.sent.size();
  net.runFor(60s);
  EXPECT_EQ(net.sent.size(), before);
}

struct PooledCouple : testing::Test, test::Couple {};

TEST_F(PooledCouple, ConnectsOverWhatTheyHadAhead) {
  for (test::Peer* peer : {&alice, &bob}) peer->execute(SetPool{2});
  ASSERT_TRUE(connect());
  for (test::Peer* peer : {&alice, &bob}) peer->execute(SetPool{0});
  EXPECT_EQ(alice.host.sockets.size(), 1u);
  EXPECT_EQ(bob.host.sockets.size(), 1u);
  ASSERT_TRUE(openChannel());
  alice.send(ChannelId{1}, "hello");
  net.runFor(1s);
  EXPECT_THAT(bob.messages(), ElementsAre("hello"));
  for (test::Peer* peer : {&alice, &bob}) peer->execute(Close{});
  net.runFor(10s);
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_TRUE(bob.host.isEmpty());
}

}  // namespace
}  // namespace parley::session
