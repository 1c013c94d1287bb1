// The teardown matrix: every event of a story, each time it fires, on either side, times what a
// program may do inside it.

#include "story.h"

namespace parley::worlds {
namespace {

struct Thrown : std::runtime_error {
  Thrown() : std::runtime_error("thrown by the trap") {}
};

// The connection must live on as if nothing had happened, must end, or may have been changed.
enum class After { intact, over, any };

struct Action {
  const char* name;
  After after;
  Party::Trap act;
};

void sendOnAll(Party& party) {
  for (const auto& channel : party.channels)
    if (channel->readyState() == RTCDataChannelState::open) channel->send("from the trap");
}

void makeAnother(Party& party) {
  party.others.push_back(
      std::make_unique<RTCPeerConnection>(party.realm, RTCConfiguration{}, Tuning{}));
  RTCPeerConnection& other = *party.others.back();
  other.createDataChannel("another");
  party.watch("other", other.setLocalDescription());
}

void tryOnClosed(const std::function<void()>& what) {
  try {
    what();
  } catch (const DOMException&) {  // the state does not allow it; that is an answer
  }
}

const Action kActions[] = {
    {"Closes", After::over, [](Party& party) { party.close(); }},
    {"Destroys", After::over, [](Party& party) { party.drop(); }},
    {"ClosesTwiceAndDestroys", After::over,
     [](Party& party) { party.close(), party.close(), party.drop(); }},
    {"DropsEverything", After::over,
     [](Party& party) { party.channels.clear(), party.drop(), party.channels.clear(); }},
    {"DropsTheChannels", After::intact, [](Party& party) { party.channels.clear(); }},
    {"MakesAnotherConnection", After::intact, makeAnother},
    {"ReplacesTheConnection", After::over,
     [](Party& party) { party.close(), makeAnother(party), party.drop(); }},
    {"MakesAnotherChannel", After::intact,
     [](Party& party) {
       tryOnClosed([&] {
         if (party.pc) party.use(party.pc->createDataChannel("late"));
       });
     }},
    {"Sends", After::intact, sendOnAll},
    {"Throws", After::intact, [](Party&) { throw Thrown(); }},
    {"ClosesAndThrows", After::over,
     [](Party& party) {
       party.close();
       throw Thrown();
     }},
    {"DestroysAndThrows", After::over,
     [](Party& party) {
       party.drop();
       throw Thrown();
     }},
    {"ClosesTheChannels", After::any,
     [](Party& party) {
       for (const auto& channel : party.channels) channel->close();
     }},
    {"ClosesADroppedChannel", After::any,
     [](Party& party) {
       for (const auto& channel : std::exchange(party.channels, {})) channel->close();
     }},
    {"SetsALocalDescription", After::any,
     [](Party& party) {
       if (party.pc) party.watch("trap", party.pc->setLocalDescription());
     }},
    {"SetsABrokenAnswer", After::intact,
     [](Party& party) {
       if (party.pc)
         party.watch("trap", party.pc->setRemoteDescription({RTCSdpType::answer, "v=1\r\n"}));
     }},
    // Any: what was offered is rolled back before the offer is looked at (webrtc-pc 4.4.1.5).
    {"SetsABrokenOffer", After::any,
     [](Party& party) {
       if (party.pc)
         party.watch("trap", party.pc->setRemoteDescription({RTCSdpType::offer, "v=1\r\n"}));
     }},
    {"RestartsIce", After::any,
     [](Party& party) {
       if (party.pc) party.pc->restartIce();
     }},
    {"ClearsItsHandlers", After::any,
     [](Party& party) {
       if (party.pc) party.pc->onicecandidate = nullptr;
       if (party.pc) party.pc->onconnectionstatechange = nullptr;
       for (const auto& channel : party.channels) channel->onmessage = nullptr;
     }},
};

std::string withWrongFingerprint(std::string sdp) {
  const std::string name = "a=fingerprint:sha-256 ";
  const std::size_t at = sdp.find(name) + name.size();
  sdp[at] = sdp[at] == '0' ? '1' : '0';
  return sdp;
}

Party& partyOf(Story& story, bool isOfferer) {
  return isOfferer ? *story.offerer : *story.answerer;
}

// What the other end must have learnt, a minute after this one was over.
testing::AssertionResult hasLearnt(const Party& other) {
  if (other.isOver()) return testing::AssertionSuccess();
  if (other.hasOpenChannel())
    return testing::AssertionFailure() << "the other end still has an open channel";
  const auto state = other.pc->connectionState();
  if (state == RTCPeerConnectionState::connected)
    return testing::AssertionFailure() << "the other end still believes that it is connected";
  return testing::AssertionSuccess();
}

struct Cell {
  bool isOfferer;
  std::string event;
  int nth;
};

void PrintTo(const Action& action, std::ostream* out) { *out << action.name; }

void check(const Action& action, const Cell& cell, const StoryOptions& options) {
  SCOPED_TRACE(std::string(cell.isOfferer ? "offerer" : "answerer") + ", " + cell.event + " #" +
               std::to_string(cell.nth));
  Story story(options);
  Party& party = partyOf(story, cell.isOfferer);
  Party& other = partyOf(story, !cell.isOfferer);
  party.setTrap(cell.event, cell.nth, action.act);
  story.play();
  ASSERT_TRUE(party.isTrapSprung()) << "the story is not the same twice";
  const bool throws = std::string(action.name).find("Throws") != std::string::npos;
  EXPECT_EQ(story.thrown, std::vector<std::string>(throws ? 1 : 0, "thrown by the trap"));
  if (action.after == After::over) {
    story.run(60s);
    EXPECT_TRUE(hasLearnt(other));
  } else if (action.after == After::intact && !options.rewriteOffer) {
    EXPECT_EQ(other.fired().at("connectionstatechange"), 2);
    EXPECT_EQ(other.fired().at("then setRemoteDescription"), 2) << "it was restarted too";
    EXPECT_THAT(party.failures, testing::IsEmpty());
    EXPECT_THAT(other.failures, testing::IsEmpty());
  }
  story.end();
  EXPECT_EQ(party.heardAfterEnd(), 0);
  EXPECT_EQ(other.heardAfterEnd(), 0);
  EXPECT_EQ(story.holdings(), "");
}

std::vector<Cell> cellsOf(const StoryOptions& options, const std::string& only = {}) {
  Story story(options);
  story.play();
  std::vector<Cell> cells;
  for (const bool isOfferer : {true, false})
    for (const auto& [event, count] : partyOf(story, isOfferer).fired())
      for (int nth = 1; nth <= count; ++nth)
        if (only.empty() || event == only) cells.push_back({isOfferer, event, nth});
  return cells;
}

class Teardown : public testing::TestWithParam<Action> {};

TEST_P(Teardown, IsSafeInEveryEvent) {  // L-1
  for (const Cell& cell : cellsOf({})) check(GetParam(), cell, {});
  const StoryOptions hostile{.rewriteOffer = withWrongFingerprint};
  for (const Cell& cell : cellsOf(hostile, "dtls error")) check(GetParam(), cell, hostile);
}

INSTANTIATE_TEST_SUITE_P(Matrix, Teardown, testing::ValuesIn(kActions),
                         [](const auto& info) { return std::string(info.param.name); });

// What the matrix is worth: each of these fires, on one side at least.
TEST(TeardownStory, FiresEveryEventThatExists) {
  std::set<std::string> events;
  const StoryOptions hostile{.rewriteOffer = withWrongFingerprint};
  for (const StoryOptions& options : {StoryOptions{}, hostile})
    for (const Cell& cell : cellsOf(options)) events.insert(cell.event);
  for (const char* event : {"negotiationneeded",
                            "icecandidate",
                            "signalingstatechange",
                            "iceconnectionstatechange",
                            "icegatheringstatechange",
                            "connectionstatechange",
                            "datachannel",
                            "channel open",
                            "channel message",
                            "channel bufferedamountlow",
                            "channel error",
                            "channel closing",
                            "channel close",
                            "sctp statechange",
                            "dtls statechange",
                            "dtls error",
                            "ice statechange",
                            "ice gatheringstatechange",
                            "ice selectedpairchange",
                            "then createOffer",
                            "await createOffer",
                            "then createAnswer",
                            "await createAnswer",
                            "then setLocalDescription",
                            "await setLocalDescription",
                            "then setRemoteDescription",
                            "await setRemoteDescription",
                            "then addIceCandidate",
                            "await addIceCandidate",
                            "then receive",
                            "await receive",
                            "then drained",
                            "await drained"})
    EXPECT_TRUE(events.contains(event)) << event;
  std::printf("%zu events, %zu firings, %zu actions\n", events.size(), cellsOf({}).size(),
              std::size(kActions));
}

TEST(TeardownStory, IsTheSameTwice) {
  const auto firings = [] {
    std::vector<std::string> all;
    for (const Cell& cell : cellsOf({})) all.push_back(cell.event);
    return all;
  };
  EXPECT_EQ(firings(), firings());
}

}  // namespace
}  // namespace parley::worlds
