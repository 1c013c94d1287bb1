#include <gmock/gmock.h>

#include "call.h"
#include "core/limits.h"
#include "parley/udp_mux.h"
#include "server/server.h"
#include "stun/builder.h"
#include "stun/message.h"

namespace parley::worlds {
namespace {

using testing::ElementsAre;

constexpr std::uint16_t kPort = 3'478;

// The same request, signed by somebody who does not know the password.
ByteVector withWrongPassword(PacketPool& pool, const ByteVector& seen) {
  const auto message = stun::MessageView::parse(seen);
  if (!message || message->messageClass() != stun::Class::request) return seen;
  const Packet forged = stun::MessageBuilder(pool.take(), stun::Class::request,
                                             stun::Method::binding, message->transaction())
                            .addText(stun::Attribute::username, *message->username())
                            .addU32(stun::Attribute::priority, 1)
                            .addU64(stun::Attribute::iceControlling, 1)
                            .finish(stun::Integrity::sha1, bytesOf("a guess"));
  return toVector(forged.bytes());
}

// A server with one port, and clients with sockets of their own.
struct Mux : testing::Test {
  sim::World world{17};
  sim::Node& server = world.addNode("server");
  std::shared_ptr<peer::LoopRealm> realm = std::make_shared<peer::LoopRealm>(server.host());
  std::unique_ptr<UdpMux> mux = std::make_unique<UdpMux>(realm, UdpMuxOptions{.port = kPort});
  std::vector<std::unique_ptr<Call>> calls;

  ~Mux() {
    calls.clear();
    mux.reset();
    realm->detach();
  }

  Tuning onMux() const { return {.udpMux = mux.get()}; }
  Call& addCall(sim::Node& client, const Tuning& clientsTuning = {}) {
    return *calls.emplace_back(std::make_unique<Call>(world, client, server, RTCDataChannelInit{},
                                                      clientsTuning, RTCConfiguration{}, onMux()));
  }
  Call& addClient(const sim::LinkOptions& options = {.latency = 10ms}) {
    sim::Node& client = world.addNode("client " + std::to_string(calls.size()));
    world.connect(client, server, options);
    return addCall(client);
  }
  void addClients(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(addClient().connect());
  }
  // Each says something of its own, in both directions, and hears nothing but that.
  bool talk() {
    ++round_;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i]->offerer.channel->send(text(i) + " up");
      calls[i]->answerer.channel->send(text(i) + " down");
    }
    return world.runUntil([&] { return haveAllHeard(); }, 20s);
  }
  bool haveAllHeard() const {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const auto& up = calls[i]->answerer.received;
      const auto& down = calls[i]->offerer.received;
      if (up.empty() || up.back() != text(i) + " up") return false;
      if (down.empty() || down.back() != text(i) + " down") return false;
    }
    return true;
  }
  void closeAll() {
    for (const auto& call : calls) {
      call->offerer.pc->close();
      call->answerer.pc->close();
    }
    world.runFor(10s);
  }
  bool isReleased() const {
    const loop::LoopReport held = server.report();
    return held.guests + held.residents + held.sockets + held.shares + held.routes +
               held.timersArmed + held.packetsInUse + held.tasksQueued ==
           0;
  }

 private:
  std::string text(std::size_t call) const {
    return "call " + std::to_string(call) + " round " + std::to_string(round_);
  }
  int round_ = 0;
};

TEST_F(Mux, ManyTalkOnOnePort) {
  addClients(6);
  EXPECT_TRUE(talk());
  EXPECT_THAT(server.ports(), ElementsAre(kPort));
  EXPECT_EQ(mux->port(), kPort);
  EXPECT_EQ(mux->stats().transports, 6u);
  EXPECT_EQ(server.report().routes, 6u);
  world.runFor(60s);
  EXPECT_TRUE(talk());
  EXPECT_EQ(mux->stats().strangers, 0u);
  closeAll();
  EXPECT_EQ(mux->stats().transports, 0u);
  EXPECT_EQ(server.report().routes, 0u);
  mux.reset();
  EXPECT_TRUE(isReleased());
}

TEST_F(Mux, OnesThatOfferHearTheAnswersToTheirChecks) {
  std::vector<sim::Node*> clients;
  for (int i = 0; i < 3; ++i) {
    sim::Node& client = world.addNode("client " + std::to_string(i));
    world.connect(client, server, {.latency = 10ms});
    calls.push_back(std::make_unique<Call>(world, server, client, RTCDataChannelInit{}, onMux(),
                                           RTCConfiguration{}, Tuning{}));
    ASSERT_TRUE(calls.back()->connect());
  }
  EXPECT_TRUE(talk());
  EXPECT_THAT(server.ports(), ElementsAre(kPort));
}

// What is the peer's stays so: fragments that are right with a password that is not, records that
// the server has had before, and bytes that mean nothing.
TEST_F(Mux, D15AStrangerGetsNoRouteWhateverItSends) {
  std::vector<ByteVector> recordings;
  PacketPool pool{4};
  world.observeArrivals([&](const sim::Station& station, const sim::WireDatagram& datagram) {
    if (&station != &server || recordings.size() == 200) return;
    if (datagram.bytes.front() < 4)
      recordings.push_back(withWrongPassword(pool, datagram.bytes));
    else
      recordings.push_back(datagram.bytes);
  });
  addClients(3);
  world.stopObserving();
  ASSERT_GT(recordings.size(), 10u);
  sim::OffPath& stranger = world.addOffPath("stranger", *IpAddress::parse("10.6.6.6"));
  world.connect(stranger, server);
  stranger.attack(
      [&](Random& random) -> std::optional<sim::OffPath::Aim> {
        const auto port = static_cast<std::uint16_t>(1'024 + random.below(50'000));
        return sim::OffPath::Aim{{server.address(), kPort}, Address{stranger.address(), port}};
      },
      {.perSecond = 500, .recordings = recordings, .spoils = 0.2});
  world.runFor(20s);
  EXPECT_EQ(server.report().routes, 3u);
  EXPECT_TRUE(talk());
  EXPECT_GT(mux->stats().strangers, 1'000u);
  EXPECT_GT(stranger.answers(), 0u) << "no request of its reached an agent";
  EXPECT_LE(stranger.answers(), 3 * 21 * limits::ice::kErrorsPerSecond);
  stranger.rest();
  closeAll();
  mux.reset();
  EXPECT_TRUE(isReleased());
}

// Two connections from one remote address: records do not say whose they are.
TEST_F(Mux, TheFirstValidatedOwnerKeepsARemoteAddress) {
  sim::Node& client = world.addNode("client");
  world.connect(client, server, {.latency = 10ms});
  auto clientsRealm = std::make_shared<peer::LoopRealm>(client.host());
  auto clientsMux = std::make_unique<UdpMux>(clientsRealm, UdpMuxOptions{});
  Call& first = addCall(client, {.udpMux = clientsMux.get()});
  ASSERT_TRUE(first.connect());
  Call second(world, client, server, {}, {.udpMux = clientsMux.get()}, {}, onMux());
  EXPECT_FALSE(second.connect(10s));
  EXPECT_GT(mux->stats().addressTaken, 0u);
  EXPECT_TRUE(talk());
  first.offerer.pc->close();
  first.answerer.pc->close();
  world.runFor(1s);
  Call third(world, client, server, {}, {.udpMux = clientsMux.get()}, {}, onMux());
  second.offerer.pc->close();
  second.answerer.pc->close();
  EXPECT_TRUE(third.connect(10s)) << "whoever is gone has no address any more";
  third.offerer.pc->close();
  third.answerer.pc->close();
  closeAll();
  clientsMux.reset();
  clientsRealm->detach();
}

TEST_F(Mux, FollowsAClientWhoseNatGivesItAnotherPort) {
  sim::Nat& nat = world.addNat("nat", *IpAddress::parse("203.0.113.1"));
  world.connect(nat, server, {.latency = 10ms});
  sim::Node& inside = world.addNode("inside", {*IpAddress::parse("192.168.1.2")}, nat);
  addClients(2);
  ASSERT_TRUE(addCall(inside).connect());
  for (int i = 0; i < 12; ++i) {
    nat.rebind();
    EXPECT_TRUE(talk()) << "after rebinding " << i;
  }
  EXPECT_LE(server.report().routes, 2 + limits::mux::kRoutes);
}

TEST_F(Mux, RestartsStayOnThePort) {
  addClients(3);
  for (int i = 0; i < 3; ++i) {
    Call& call = *calls.front();
    call.offerer.node.post([&call] { call.offerer.pc->restartIce(); });
    call.start();
    world.runFor(6s);
    EXPECT_EQ(call.failure, "");
    EXPECT_TRUE(talk());
  }
  EXPECT_EQ(mux->stats().transports, 3u);
  EXPECT_THAT(server.ports(), ElementsAre(kPort));
}

TEST_F(Mux, OneIsClosedAmongMany) {
  addClients(3);
  sim::LinkOptions lossy{.latency = 10ms, .loss = 0.4};
  Call& lost = addClient(lossy);
  ASSERT_TRUE(lost.connect(60s));
  ASSERT_TRUE(world.runUntil([&] { return lost.isOpen(); }, 60s));
  lost.answerer.pc->close();
  EXPECT_EQ(server.report().residents, 1u);
  ASSERT_TRUE(world.runUntil([&] { return lost.offerer.closes == 1; }, 8s));
  lost.offerer.pc->close();
  world.runFor(9s);
  EXPECT_EQ(server.report().residents, 0u);
  EXPECT_EQ(mux->stats().transports, 3u);
  calls.pop_back();
  EXPECT_TRUE(talk());
  for (const auto& call : calls) EXPECT_THAT(call->offerer.states, testing::Contains("connected"));
  closeAll();
  mux.reset();
  EXPECT_TRUE(isReleased());
}

// A tail has the route: the peer that still talks is told again, by nobody else.
TEST_F(Mux, ATailAnswersThePeerThatHasNotHeard) {
  addClients(2);
  Call& call = *calls.back();
  sim::Link& link = *world.linkBetween(call.offerer.node, server);
  link.cut();
  call.answerer.pc->close();
  world.runFor(2s);
  link.mend();
  call.offerer.channel->send("are you there?");
  EXPECT_TRUE(world.runUntil([&] { return call.offerer.closes == 1; }, 3s));
}

TEST_F(Mux, ConnectionsOutliveAMuxThatIsGone) {
  addClients(2);
  mux.reset();
  EXPECT_TRUE(talk());
  world.runFor(40s);
  EXPECT_TRUE(talk());
  closeAll();
  EXPECT_TRUE(isReleased());
}

TEST_F(Mux, AMuxOfAnotherLoopIsNotUsed) {
  sim::Node& client = world.addNode("client");
  world.connect(client, server, {.latency = 10ms});
  Call call(world, client, server, {}, onMux());
  EXPECT_FALSE(call.connect(5s));
  EXPECT_TRUE(client.ports().empty());
}

// Behind a NAT the port has one mapping, and each session asks for it with a transaction of its
// own.
struct MuxBehindNat : testing::Test {
  static server::Config serverConfig() {
    server::Config made;
    made.listen = {{IpAddress::v4({192, 0, 2, 9}), 3'478}};
    return made;
  }
  RTCConfiguration stun() const { return {.iceServers = {{{"stun:192.0.2.9"}, {}, {}}}}; }

  sim::World world{19};
  sim::Node& middle = world.addNode("stun", {IpAddress::v4({192, 0, 2, 9})});
  server::Server server{middle.host(), serverConfig()};
  sim::Node& client = world.addNode("client");
  sim::Nat& nat = world.addNat("nat", IpAddress::v4({203, 0, 113, 1}),
                               {.filtering = sim::NatDependence::endpointIndependent});
  sim::Link& toStun = world.connect(nat, middle, {.latency = 5ms});
  // Slower than the server: else a check tells the address first (RFC 8445 5.1.3: redundant).
  sim::Link& toClient = world.connect(nat, client, {.latency = 50ms});
  sim::Node& inside = world.addNode("inside", {IpAddress::v4({192, 168, 1, 2})}, nat);
  std::shared_ptr<peer::LoopRealm> realm = std::make_shared<peer::LoopRealm>(inside.host());
  std::unique_ptr<UdpMux> mux = std::make_unique<UdpMux>(realm, UdpMuxOptions{.port = kPort});

  ~MuxBehindNat() {
    mux.reset();
    realm->detach();
  }
  std::vector<std::string> reflexive(const End& end) const {
    std::vector<std::string> told;
    for (const RTCIceCandidate& each : end.candidates)
      if (each.type() == RTCIceCandidateType::srflx)
        told.push_back(*each.address() + " " + std::to_string(*each.relatedPort()));
    return told;
  }
};

TEST_F(MuxBehindNat, EverySessionFindsItsReflexiveCandidate) {
  const Tuning onMux{.udpMux = mux.get()};
  world.connect(middle, client, {.latency = 5ms});
  Call first(world, client, inside, {}, {}, stun(), onMux);
  Call second(world, client, inside, {}, {}, stun(), onMux);
  first.start();
  second.start();
  ASSERT_TRUE(world.runUntil([&] { return first.isOpen() && second.isOpen(); }, 20s));
  world.runFor(1s);
  const std::string expected = "203.0.113.1 " + std::to_string(kPort);
  EXPECT_THAT(reflexive(first.answerer), ElementsAre(expected));
  EXPECT_THAT(reflexive(second.answerer), ElementsAre(expected));
  for (const Call* call : {&first, &second}) {
    EXPECT_TRUE(call->answerer.candidateErrors.empty());
    EXPECT_EQ(call->answerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
  }
  EXPECT_THAT(inside.ports(), ElementsAre(kPort));
  EXPECT_EQ(mux->stats().strangers, 0u);
}

// Answers nobody asked for, and right ones from somebody else: none is believed.
TEST_F(MuxBehindNat, AnswersOfStrangersAreNot) {
  PacketPool pool{4};
  toStun.cut();
  sim::OffPath& liar = world.addOffPath("liar", IpAddress::v4({203, 0, 113, 66}));
  world.connect(liar, nat, {.latency = 1ms});
  std::vector<ByteVector> lies;
  const auto lie = [&](const stun::TransactionId& transaction) {
    const Packet packet =
        stun::MessageBuilder(pool.take(), stun::Class::success, stun::Method::binding, transaction)
            .addXorAddress(stun::Attribute::xorMappedAddress,
                           {IpAddress::v4({203, 0, 113, 66}), 666})
            .finish();
    lies.push_back(toVector(packet.bytes()));
  };
  for (std::uint8_t i = 0; i < 100; ++i) lie({i, 1, 2, 3});
  world.observe([&](const sim::Station& station, const sim::WireDatagram& datagram) {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (&station == &inside && message && message->messageClass() == stun::Class::request)
      lie(message->transaction());
  });
  Call call(world, client, inside, {}, {}, stun(), Tuning{.udpMux = mux.get()});
  call.start();
  world.runFor(200ms);
  world.stopObserving();
  ASSERT_GT(lies.size(), 100u);
  liar.attack(
      [&](Random&) -> std::optional<sim::OffPath::Aim> {
        const auto mapped = nat.outsideOf({inside.address(), kPort});
        return sim::OffPath::Aim{mapped.value(), Address{liar.address(), 3'478}};
      },
      {.perSecond = 500, .recordings = lies, .spoils = 0});
  world.runFor(20s);
  liar.rest();
  EXPECT_THAT(reflexive(call.answerer), testing::IsEmpty());
  EXPECT_GT(mux->stats().strangers, 100u);
  EXPECT_LE(inside.report().routes, 1u) << "the client's and no other";
  EXPECT_TRUE(call.isOpen());
}

}  // namespace
}  // namespace parley::worlds
