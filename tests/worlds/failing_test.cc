// Each packet block and each socket that a story asks for is refused once, on either side.

#include "story.h"

namespace parley::worlds {
namespace {

sim::Node& nodeOf(Story& story, bool isOfferer) { return isOfferer ? story.nodeA : story.nodeB; }

// A packet that could not be had is a packet that was lost: the story goes on as it was written.
void refusePacket(bool isOfferer, std::uint64_t nth) {
  SCOPED_TRACE(std::string(isOfferer ? "offerer" : "answerer") + ", packet " + std::to_string(nth));
  Story story;
  nodeOf(story, isOfferer).packets().refuseAt(nth);
  story.play();
  EXPECT_EQ(nodeOf(story, isOfferer).packets().refused(), 1u);
  for (Party* party : {story.offerer.get(), story.answerer.get()}) {
    EXPECT_EQ(party->fired().at("connectionstatechange"), 2) << party->label;
    EXPECT_THAT(party->failures, testing::IsEmpty());
  }
  EXPECT_EQ(story.answerer->fired().at("await receive"), 1);
  EXPECT_EQ(story.answerer->fired().at("channel message"), 2);
  EXPECT_EQ(story.offerer->fired().at("channel message"), 1);
  story.end();
  EXPECT_EQ(story.thrown, std::vector<std::string>{});
  EXPECT_EQ(story.holdings(), "");
}

void refuseEveryPacket(bool isOfferer) {
  std::uint64_t asked = 0;
  {
    Story story;
    story.play();
    asked = nodeOf(story, isOfferer).packets().asked();
  }
  EXPECT_GT(asked, 10u);
  for (std::uint64_t nth = 1; nth <= asked; ++nth) refusePacket(isOfferer, nth);
  std::printf("%llu packets refused\n", static_cast<unsigned long long>(asked));
}

TEST(Failing, EveryPacketOfTheOffererOnceIsALostPacket) { refuseEveryPacket(true); }
TEST(Failing, EveryPacketOfTheAnswererOnceIsALostPacket) { refuseEveryPacket(false); }

// With one address a socket that is refused leaves no candidate of that side. The other side's
// checks find no way either, both say `failed`, and the restart that comes later opens again.
TEST(Failing, EverySocketOnceIsReportedAndARestartMendsIt) {
  for (const bool isOfferer : {true, false}) {
    for (const OpenError error :
         {OpenError::addressInUse, OpenError::addressNotAvailable, OpenError::permissionDenied,
          OpenError::outOfResources, OpenError::unsupported}) {
      SCOPED_TRACE(isOfferer ? "offerer" : "answerer");
      Story story;
      nodeOf(story, isOfferer).failOpen(1, error);
      story.begin();
      story.run(2'900ms);
      const auto state = story.offerer->pc->connectionState();
      EXPECT_NE(state, RTCPeerConnectionState::connected);
      EXPECT_EQ(nodeOf(story, isOfferer).opens(), 1u);
      story.run(20s);
      EXPECT_EQ(nodeOf(story, isOfferer).opens(), 2u);
      EXPECT_EQ(story.offerer->pc->connectionState(), RTCPeerConnectionState::connected);
      EXPECT_EQ(story.answerer->pc->connectionState(), RTCPeerConnectionState::connected);
      EXPECT_EQ(story.answerer->fired().at("await receive"), 1);
      story.end();
      EXPECT_EQ(story.thrown, std::vector<std::string>{});
      EXPECT_EQ(story.holdings(), "");
    }
  }
}

TEST(Failing, ASocketThatIsNeverGrantedEndsInFailedAndLeavesNothing) {
  for (const bool isOfferer : {true, false}) {
    Story story;
    nodeOf(story, isOfferer).failOpens(OpenError::outOfResources);
    story.begin();
    story.run(90s);
    Party& other = isOfferer ? *story.answerer : *story.offerer;
    EXPECT_EQ(other.pc->connectionState(), RTCPeerConnectionState::failed);
    story.end();
    EXPECT_EQ(story.holdings(), "");
  }
}

// A look-up that fails is answered with nothing, once.
TEST(Failing, ALookUpMayFailOnce) {
  struct Asker final : Host::Guest {
    explicit Asker(Host& on) : host(on) { host.enter(*this); }
    ~Asker() override { host.leave(*this); }
    void onDatagram(Step&, Datagram) override {}
    void onTimer(Step&) override {}
    void onStepEnd(Step&) override {}
    void onResolved(Step&, ResolveId, std::vector<IpAddress> found) override {
      answers.push_back(found.size());
    }
    Host& host;
    std::vector<std::size_t> answers;
  };
  sim::World world(1);
  sim::Node& node = world.addNode("alone");
  world.setName("name", {node.address()});
  node.failLookUp(2);
  Asker asker(node.host());
  for (int i = 0; i < 3; ++i) {
    node.post([&] { node.host().resolve(asker, "name"); });
    world.runFor(1s);
  }
  EXPECT_THAT(asker.answers, testing::ElementsAre(1u, 0u, 1u));
  EXPECT_EQ(node.lookUps(), 3u);
  EXPECT_EQ(node.report().resolving, 0u);
}

}  // namespace
}  // namespace parley::worlds
