#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/random.h"
#include "jsep/negotiation.h"
#include "jsep/signaling.h"
#include "jsep/test_peer.h"
#include "sdp/test_vectors.h"

// J-7: long random walks over the whole face, against a model small enough to be seen right.

namespace parley::jsep {
namespace {

using namespace test;

// A world that obeys effects, and objects to those that make no sense.
class World {
 public:
  void apply(const Effects& effects) {
    for (const Effect& effect : effects) std::visit([this](const auto& one) { on(one); }, effect);
  }

  struct Opened {
    Credentials local;
    std::optional<Credentials> remote;
    bool dtls = false;
  };
  std::map<std::uint32_t, Opened> transports;
  std::optional<std::uint32_t> sctp;

 private:
  Opened& at(TransportId id) {
    EXPECT_TRUE(transports.contains(id.value)) << "effect for a transport that is not open";
    return transports[id.value];
  }
  void on(const OpenTransport& open) {
    EXPECT_TRUE(used_.insert(open.transport.value).second) << "a transport id came twice";
    transports[open.transport.value].local = open.local;
  }
  void on(const RestartIce& restart) {
    EXPECT_NE(at(restart.transport).local, restart.local);
    at(restart.transport).local = restart.local;
  }
  void on(const CancelIceRestart& cancel) { at(cancel.transport).local = cancel.local; }
  void on(const SetRemoteIce& remote) {
    EXPECT_EQ(remote.restart, at(remote.transport).remote.has_value());
    at(remote.transport).remote = remote.remote;
  }
  void on(const AddRemoteCandidate& candidate) {
    EXPECT_TRUE(at(candidate.transport).remote);
    EXPECT_EQ(at(candidate.transport).remote->ufrag, candidate.ufrag);
  }
  void on(const EndOfRemoteCandidates& end) { EXPECT_TRUE(at(end.transport).remote); }
  void on(const StartDtls& start) {
    EXPECT_FALSE(at(start.transport).dtls);
    EXPECT_FALSE(start.fingerprints.empty());
    at(start.transport).dtls = true;
  }
  void on(const StartSctp& start) {
    EXPECT_FALSE(sctp);
    EXPECT_TRUE(at(start.transport).dtls);
    sctp = start.transport.value;
  }
  void on(const SetMaxMessageSize&) { EXPECT_TRUE(sctp); }
  void on(const StopSctp&) { sctp.reset(); }
  void on(const CloseTransport& close) {
    at(close.transport);
    transports.erase(close.transport.value);
    if (sctp == close.transport.value) ADD_FAILURE() << "SCTP outlived its transport";
  }
  void on(const StateChanged&) {}

  std::set<std::uint32_t> used_;
};

struct Walker {
  explicit Walker(char name) : peer(name) {}

  // Calls, compares the state with the table, and lets the world obey.
  bool set(Side side, SdpType type, const std::string& text) {
    const SignalingState before = peer.state();
    const bool glare =
        side == Side::remote && type == SdpType::offer && before == SignalingState::haveLocalOffer;
    const std::optional<SignalingState> legal =
        nextState(glare ? SignalingState::stable : before, side, type);
    const auto result = side == Side::local ? peer.negotiation.setLocal(type, text)
                                            : peer.negotiation.setRemote(type, text);
    EXPECT_EQ(peer.state(), result ? legal : std::optional(before));
    EXPECT_TRUE(result || !legal || type != SdpType::rollback);
    if (result) world.apply(*result);
    checkLines();
    return result.has_value();
  }

  // Lines of what is agreed never go away (RFC 3264 8).
  void checkLines() {
    const auto& current = peer.negotiation.currentLocal();
    if (!current) return;
    EXPECT_GE(current->sdp.media.size(), lines);
    EXPECT_EQ(current->sdp.media.size(), peer.negotiation.currentRemote()->sdp.media.size());
    lines = current->sdp.media.size();
  }

  Peer peer;
  World world;
  std::string offer, answer;  // the last it made
  std::size_t lines = 0;
};

SdpType anyType(Random& random) { return static_cast<SdpType>(random.below(4)); }

void oneStep(Walker& self, Walker& other, Random& random) {
  const auto textOf = [&](const Walker& of, SdpType type) {
    return type == SdpType::offer ? of.offer : of.answer;
  };
  switch (random.below(10)) {
    case 0:
      self.peer.negotiation.needDataChannels();
      break;
    case 1:
      if (random.below(4) == 0) self.peer.negotiation.restartIce();
      break;
    case 2:
    case 3: {
      const bool restart = random.below(6) == 0;
      const auto made = self.peer.negotiation.createOffer({restart}, self.peer.secrets());
      if (made) self.offer = made->serialize();
      break;
    }
    case 4: {
      const auto made = self.peer.negotiation.createAnswer(self.peer.secrets());
      if (made) self.answer = made->serialize();
      break;
    }
    case 5:
    case 6: {
      const SdpType type = anyType(random);
      self.set(Side::local, type, random.below(2) == 0 ? textOf(self, type) : std::string());
      break;
    }
    case 7:
    case 8: {
      const SdpType type = anyType(random);
      self.set(Side::remote, type, textOf(other, type));
      break;
    }
    default: {
      const auto effects = self.peer.negotiation.addRemoteCandidate(
          {"candidate:1 1 udp 1 192.0.2.1 " + std::to_string(random.below(9)) + " typ host",
           {},
           static_cast<std::uint16_t>(random.below(2)),
           {}});
      if (effects) self.world.apply(*effects);
    }
  }
}

// Whatever happened, two peers whose states are stable can always agree again.
void settle(Walker& one, Walker& two) {
  for (Walker* walker : {&one, &two})
    if (walker->peer.state() != SignalingState::stable)
      walker->set(
          walker->peer.state() == SignalingState::haveLocalOffer ? Side::local : Side::remote,
          SdpType::rollback, {});
}

TEST(Walk, RandomCallsKeepStatesLinesAndWorldConsistent) {
  int stables = 0, agreed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Walker alice('a'), bob('b');
    for (int step = 0; step < 150 && !testing::Test::HasFailure(); ++step)
      oneStep(random.below(2) == 0 ? alice : bob, random.below(2) == 0 ? alice : bob, random);
    settle(alice, bob);
    stables += alice.peer.state() == SignalingState::stable;
    agreed += alice.world.sctp.has_value();
  }
  EXPECT_GT(stables, 30);
  EXPECT_GT(agreed, 5);
}

// Orderly rounds with glare, rollback, restarts and lost answers: both sides end up with each
// other's credentials.
TEST(Walk, RoundsWithGlareAndRollbackEndWithBothSidesAgreed) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Walker alice('a'), bob('b');
    alice.peer.negotiation.needDataChannels();
    for (int round = 0; round < 12; ++round) {
      Walker& offerer = random.below(2) == 0 ? alice : bob;
      Walker& answerer = &offerer == &alice ? bob : alice;
      const bool glare = random.below(3) == 0;
      if (glare) {
        answerer.offer = answerer.peer.offer({random.below(3) == 0});
        ASSERT_TRUE(answerer.set(Side::local, SdpType::offer, answerer.offer));
      }
      offerer.offer = offerer.peer.offer({random.below(3) == 0});
      ASSERT_TRUE(offerer.set(Side::local, SdpType::offer, offerer.offer));
      ASSERT_TRUE(answerer.set(Side::remote, SdpType::offer, offerer.offer));
      if (random.below(5) == 0) {
        ASSERT_TRUE(offerer.set(Side::local, SdpType::rollback, {}));
        ASSERT_TRUE(answerer.set(Side::remote, SdpType::rollback, {}));
        continue;
      }
      answerer.answer = answerer.peer.answer();
      const bool provisional = random.below(4) == 0;
      for (const SdpType type : {SdpType::pranswer, SdpType::answer}) {
        if (type == SdpType::pranswer && !provisional) continue;
        ASSERT_TRUE(answerer.set(Side::local, type, answerer.answer));
        ASSERT_TRUE(offerer.set(Side::remote, type, answerer.answer));
      }
    }
    exchange(alice.peer, bob.peer, {.iceRestart = false});
    ASSERT_LE(alice.world.transports.size(), 1u);
    ASSERT_EQ(alice.world.sctp.has_value(), bob.world.sctp.has_value());
    if (!alice.world.sctp) continue;
    const World::Opened& a = alice.world.transports.begin()->second;
    const World::Opened& b = bob.world.transports.begin()->second;
    EXPECT_EQ(a.remote, b.local);
    EXPECT_EQ(b.remote, a.local);
  }
}

TEST(Walk, BrokenOffersOfBrowsersAreRefusedOrAnswered) {  // J-6
  Random random(4);
  int answered = 0, refused = 0;
  for (const auto& [name, text] : sdp::test::allVectors()) {
    SCOPED_TRACE(name);
    for (int round = 0; round < 40; ++round) {
      std::string broken = text;
      for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips)
        broken[random.below(broken.size())] = static_cast<char>(random.below(256));
      Walker walker('w');
      if (!walker.set(Side::remote, SdpType::offer, broken)) {
        ++refused;
        EXPECT_EQ(walker.peer.negotiation.remote(), nullptr);
        continue;
      }
      ++answered;
      EXPECT_TRUE(walker.set(Side::local, SdpType::answer, walker.peer.answer())) << broken;
      walker.set(Side::remote, SdpType::offer, text);
    }
  }
  EXPECT_GT(answered, 300);
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace parley::jsep
