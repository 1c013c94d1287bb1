// close() in every state and every handler, and what is left of a connection after it.

#include <gmock/gmock.h>

#include "peer/peer_connection.h"
#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::nameThrownBy;
using testing::negotiate;
using testing::Outcome;
using testing::TestPeer;

void expectClosed(RTCPeerConnection& pc) {
  EXPECT_EQ(pc.signalingState(), RTCSignalingState::closed);
  EXPECT_EQ(pc.iceConnectionState(), RTCIceConnectionState::closed);
  EXPECT_EQ(pc.connectionState(), RTCPeerConnectionState::closed);
  if (!pc.sctp()) return;
  EXPECT_EQ(pc.sctp()->state(), RTCSctpTransportState::closed);
  EXPECT_EQ(pc.sctp()->transport()->state(), RTCDtlsTransportState::closed);
  EXPECT_EQ(pc.sctp()->transport()->closeReason(), DtlsCloseReason::local);
  EXPECT_EQ(pc.sctp()->transport()->iceTransport()->state(), RTCIceTransportState::closed);
}

// Stages of a connection, each including the ones before.
enum Stage { fresh, channel, offering, negotiated, connected, kStages };

struct CloseTest : ::testing::Test {
  void bring(int stage) {
    if (stage >= channel) x = a->makeChannel("x");
    if (stage == offering) a->pc->setLocalDescription().then([](Undefined) { FAIL(); });
    if (stage >= negotiated) negotiate(*a, b);
    if (stage >= connected) a->connect();
    a->takeLog();
  }
  std::unique_ptr<TestPeer> a = std::make_unique<TestPeer>(1);
  TestPeer b{2};
  std::shared_ptr<RTCDataChannel> x;
};

TEST_F(CloseTest, IsSilentAndFinalInEveryStage) {  // L-4
  for (int stage = fresh; stage < kStages; ++stage) {
    a = std::make_unique<TestPeer>(1);
    bring(stage);
    a->pc->close();
    expectClosed(*a->pc);
    EXPECT_TRUE(!x || x->readyState() == RTCDataChannelState::closed);
    a->pc->close();
    a->realm->run();
    EXPECT_THAT(a->log, IsEmpty()) << stage;
    EXPECT_EQ(a->engine().count<session::Close>(), stage >= negotiated ? 1u : 0u) << stage;
    EXPECT_FALSE(a->engine().isOpen);
  }
}

TEST_F(CloseTest, LaterCallsAreRefusedAndGettersStayLegal) {
  bring(connected);
  a->pc->close();
  EXPECT_EQ(a->settle(a->pc->createOffer()).text(), "InvalidStateError");
  EXPECT_EQ(a->settle(a->pc->createAnswer()).text(), "InvalidStateError");
  EXPECT_EQ(a->settle(a->pc->setLocalDescription()).text(), "InvalidStateError");
  EXPECT_EQ(a->settle(a->pc->setRemoteDescription({})).text(), "InvalidStateError");
  EXPECT_EQ(a->settle(a->pc->addIceCandidate()).text(), "InvalidStateError");
  EXPECT_EQ(nameThrownBy([&] { a->pc->createDataChannel("y"); }), "InvalidStateError");
  EXPECT_EQ(nameThrownBy([&] { a->pc->setConfiguration({}); }), "InvalidStateError");
  EXPECT_EQ(nameThrownBy([&] { x->send("y"); }), "InvalidStateError");
  a->pc->restartIce();
  x->close();
  x->resumeReceiving();
  EXPECT_EQ(a->settle(x->receive()).value(), std::nullopt);
  (void)a->pc->localDescription();
  (void)a->pc->remoteDescription();
  (void)a->pc->getConfiguration();
  a->realm->run();
  EXPECT_THAT(a->log, IsEmpty());
}

// Runs a story in which every kind of event fires, doing `act` inside the one that is `chosen`.
struct Story {
  explicit Story(std::string chosen_, bool destroys_)
      : chosen(std::move(chosen_)), destroys(destroys_) {}

  void at(const char* name) {
    if (chosen != name || acted) return;
    acted = true;
    if (destroys)
      a.pc.reset();
    else
      a.pc->close();
    eventsAfter = 0;
  }
  template <class E>
  auto handler(const char* name) {
    return [this, name](const E&) {
      ++eventsAfter;
      at(name);
    };
  }

  void watch(RTCDataChannel& channel) {
    channel.onopen = handler<Event>("open");
    channel.onmessage = handler<MessageEvent>("message");
    channel.onbufferedamountlow = handler<Event>("low");
    channel.onclosing = handler<Event>("closing");
    channel.onerror = handler<RTCErrorEvent>("error");
    channel.onclose = handler<Event>("close");
  }

  bool alive() const { return !acted; }

  void run() {
    a.pc->onnegotiationneeded = handler<Event>("negotiationneeded");
    a.pc->onsignalingstatechange = handler<Event>("signalingstatechange");
    a.pc->onicegatheringstatechange = handler<Event>("icegatheringstatechange");
    a.pc->oniceconnectionstatechange = handler<Event>("iceconnectionstatechange");
    a.pc->onconnectionstatechange = handler<Event>("connectionstatechange");
    a.pc->onicecandidate = handler<RTCPeerConnectionIceEvent>("icecandidate");
    a.pc->ondatachannel = handler<RTCDataChannelEvent>("datachannel");
    auto x = a.pc->createDataChannel("x");
    watch(*x);
    a.realm->run();
    if (alive()) a.pc->setLocalDescription().then([this](Undefined) { at("promise"); });
    a.realm->run();
    if (alive()) exchange();
    if (alive()) tell(x);
    a.realm->run();
    if (alive()) return;
    EXPECT_EQ(eventsAfter, 0) << chosen;
    EXPECT_EQ(x->readyState(), RTCDataChannelState::closed) << chosen;
    EXPECT_FALSE(x->onopen || x->onmessage || x->onclose) << chosen;
    if (a.pc) expectClosed(*a.pc);
    a.realm->run();
    EXPECT_TRUE(a.realm->thrown.empty());
  }

  void exchange() {
    b.settle(b.pc->setRemoteDescription(*a.pc->localDescription()));
    b.settle(b.pc->setLocalDescription());
    a.settle(a.pc->setRemoteDescription(*b.pc->localDescription()));
  }

  void tell(const std::shared_ptr<RTCDataChannel>& x) {
    auto dtls = a.pc->sctp()->transport();
    auto ice = dtls->iceTransport();
    dtls->onstatechange = handler<Event>("dtls");
    ice->onstatechange = handler<Event>("ice");
    a.pc->sctp()->onstatechange = handler<Event>("sctp");
    const auto id = a.engine().last<session::OpenChannel>().id;
    a.engine().tell(session::CandidateFound{a.transport(), a.candidate()},
                    session::GatheringEnded{a.transport(), a.ufrag()});
    a.connect();
    if (!alive()) return;
    x->send("abc");
    a.announce("remote", 9);
    a.message(id, "hello");
    a.channelEvent(channel::BytesSent{id, 3});
    a.channelEvent(channel::Closing{id});
    a.channelEvent(channel::Closed{
        id, channel::CloseError{channel::CloseError::Why::associationFailed, "", true, 12}});
  }

  std::string chosen;
  bool destroys;
  bool acted = false;
  int eventsAfter = 0;
  TestPeer a{1}, b{2};
};

constexpr const char* kEvents[] = {"negotiationneeded",
                                   "signalingstatechange",
                                   "icegatheringstatechange",
                                   "iceconnectionstatechange",
                                   "connectionstatechange",
                                   "icecandidate",
                                   "datachannel",
                                   "promise",
                                   "dtls",
                                   "ice",
                                   "sctp",
                                   "open",
                                   "message",
                                   "low",
                                   "closing",
                                   "error",
                                   "close"};

TEST(CloseInHandler, IsTheEndInEveryHandler) {  // L-2
  for (const char* event : kEvents) {
    Story story(event, false);
    story.run();
    EXPECT_TRUE(story.acted) << event;
  }
}

TEST(CloseInHandler, TheConnectionMayBeDestroyedInEveryHandler) {  // L-2
  for (const char* event : kEvents) {
    Story story(event, true);
    story.run();
    EXPECT_TRUE(story.acted) << event;
  }
}

TEST_F(CloseTest, ThenFunctionsAreDroppedAndCoroutinesAbort) {
  bring(connected);
  auto held = std::make_shared<int>(1);
  bool called = false;
  a->pc->createOffer().then([held, &called](const auto&) { called = true; },
                            [held, &called](std::exception_ptr) { called = true; });
  std::vector<std::string> aborted;
  const auto wait = [](auto promise, std::vector<std::string>* names) -> Async {
    try {
      (void)co_await promise;
    } catch (const DOMException& error) {
      names->push_back(error.name());
    }
  };
  x->send("abc");
  wait(a->pc->setLocalDescription(), &aborted);
  wait(x->receive(), &aborted);
  wait(x->drained(), &aborted);
  a->pc->close();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_THAT(aborted, IsEmpty());  // microtasks, not the call
  a->realm->run();
  EXPECT_THAT(aborted, ElementsAre("AbortError", "AbortError", "AbortError"));
  EXPECT_FALSE(called);
}

TEST_F(CloseTest, NothingIsLeftWhenTheConnectionGoes) {
  bring(connected);
  std::weak_ptr<RTCDataChannel> channel = x;
  std::weak_ptr<RTCSctpTransport> sctp = a->pc->sctp();
  std::weak_ptr<session::Port::Listener> listener = a->engine().listener;
  x->onmessage = [held = x](const MessageEvent&) {};
  a->pc->sctp()->onstatechange = [held = a->pc->sctp()](const Event&) {};
  x.reset();
  EXPECT_FALSE(channel.expired());
  a->pc.reset();
  EXPECT_TRUE(channel.expired());
  EXPECT_TRUE(sctp.expired());
  EXPECT_TRUE(listener.expired());
}

TEST_F(CloseTest, AHandlerMayOwnTheConnectionItBelongsTo) {
  auto owner = std::make_shared<std::unique_ptr<RTCPeerConnection>>(std::move(a->pc));
  std::weak_ptr<std::unique_ptr<RTCPeerConnection>> weak = owner;
  RTCPeerConnection& pc = **owner;
  pc.onicecandidate = [owner](const RTCPeerConnectionIceEvent&) {};
  pc.onsignalingstatechange = [owner](const Event&) {};
  owner.reset();
  EXPECT_FALSE(weak.expired());
  pc.close();
  EXPECT_TRUE(weak.expired());
}

TEST_F(CloseTest, AnEngineThatEndsClosesTheConnection) {
  bring(connected);
  a->engine().listener.lock()->onEngineGone();
  expectClosed(*a->pc);
}

TEST_F(CloseTest, EventsThatAreOnTheirWayAreNotTold) {  // L-4
  bring(connected);
  const auto id = a->engine().last<session::OpenChannel>().id;
  a->message(id, "late");
  a->pc->close();
  a->engine().tell(session::ChannelEvent{channel::Closed{id, {}}});
  a->realm->run();
  EXPECT_THAT(a->log, IsEmpty());
}

}  // namespace
}  // namespace parley::peer
