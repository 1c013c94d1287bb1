// Peers that tell names instead of addresses, as browsers do
// (draft-ietf-mmusic-mdns-ice-candidates).

#include "call.h"
#include "core/limits.h"

namespace parley::worlds {
namespace {

// Publishes a name for the one address of a node.
class Publisher final : public Host::Guest {
 public:
  explicit Publisher(sim::Node& node) : host_(node.host()), address_(node.address().toString()) {
    host_.enter(*this);
    name_ = host_.publishName(*this, node.address());
  }
  ~Publisher() override { host_.leave(*this); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}

  const std::string& name() const { return name_; }
  // In candidates only: there the address has a space on either side.
  std::string hide(std::string text) const {
    const std::string shown = " " + address_ + " ", hidden = " " + name_ + " ";
    for (std::size_t at = 0; (at = text.find(shown, at)) != std::string::npos;)
      text.replace(at, shown.size(), hidden);
    return text;
  }

 private:
  Host& host_;
  std::string address_;
  std::string name_;
};

struct Naming : testing::Test {
  sim::World world{31};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Node& mallory = world.addNode("mallory");
  sim::Link& link = world.connect(alice, bob, {.latency = 5ms});
  sim::Link& aside = world.connect(alice, mallory, {.latency = 1ms});
  sim::Segment& home = world.addSegment("home");
  Publisher ofAlice{alice}, ofBob{bob};

  std::string hide(const std::string& text) const { return ofBob.hide(ofAlice.hide(text)); }
  void start(Call& call) {
    const auto rewrite = [this](const std::string& text) {
      const std::string hidden = hide(text);
      hiddenCount += hidden != text;
      return hidden;
    };
    call.rewriteCandidate = rewrite;
    call.start(rewrite, rewrite);
  }
  bool connect(Call& call) {
    start(call);
    return world.runUntil([&] { return call.isOpen(); }, 20s);
  }
  int hiddenCount = 0;
};

TEST_F(Naming, PeersThatTellOnlyNamesConnect) {
  home.join(alice);
  home.join(bob);
  Call call(world, alice, bob);
  ASSERT_TRUE(connect(call)) << call.failure;
  EXPECT_GE(hiddenCount, 2);
  call.offerer.channel->send("by name");
  world.runFor(1s);
  EXPECT_THAT(call.answerer.received, testing::ElementsAre("by name"));
  call.offerer.pc->close();
  call.answerer.pc->close();
  world.runFor(10s);
  for (const sim::Node* node : {&alice, &bob}) {
    EXPECT_EQ(node->report().resolving, 0u);
    EXPECT_EQ(node->report().namesPublished, 1u) << "the publisher's own";
  }
}

// Alice checks a stranger, but Bob asks for her name, and she learns his address from his check
// (the draft, 5.3).
TEST_F(Naming, ALiarWhoIsFasterDoesNotKeepThemApart) {
  for (sim::Node* node : {&alice, &bob, &mallory}) home.join(*node);
  home.spoof(mallory, ofBob.name(), mallory.address());
  Call call(world, alice, bob);
  EXPECT_TRUE(connect(call));
}

TEST_F(Naming, NobodyConnectsWhereNamesAreNotCarried) {
  Call call(world, alice, bob);
  EXPECT_FALSE(connect(call));
  EXPECT_EQ(alice.report().resolving, 0u) << "every question has its end";
  home.join(alice);
  home.join(bob);
  world.runFor(60s);
  EXPECT_FALSE(call.isOpen()) << "what failed is not asked for again";
}

TEST_F(Naming, AnswersThatComeLateAreStillInTime) {
  home.join(alice);
  home.join(bob);
  home.options().delay = 4'500ms;
  Call call(world, alice, bob);
  EXPECT_TRUE(connect(call));
}

// I-8: names without end, which nobody answers.
TEST_F(Naming, AThousandNamesAreAFewQuestionsAndNoneAfterClose) {
  home.options().hangs = true;
  home.join(alice);
  Call call(world, alice, bob);
  call.rewriteCandidate = [&](const std::string& text) { return hide(text); };
  const auto flood = [&](const std::string& sdp) {
    std::string flooded = hide(sdp);
    for (int i = 0; i < 1'000; ++i)
      flooded +=
          "a=candidate:1 1 udp 2122260223 n" + std::to_string(i) + ".local 9000 typ host\r\n";
    return flooded;
  };
  call.start({}, flood);
  std::size_t most = 0;
  const Instant end = world.now() + 30s;
  while (world.now() < end) {
    world.runFor(10ms);
    most = std::max(most, alice.report().resolving);
  }
  EXPECT_EQ(most, limits::mdns::kNamesAskedBySession);
  EXPECT_GT(alice.lookUps(), 0u);
  EXPECT_LE(alice.lookUps(), limits::mdns::kNamesOfSession);
  alice.post([&] { call.offerer.pc->close(); });
  world.runFor(1ms);
  EXPECT_EQ(alice.report().resolving, 0u);
}

}  // namespace
}  // namespace parley::worlds
