// close() and destruction cut in after every single step of a recorded call, from either side.

#include "story.h"

namespace parley::worlds {
namespace {

enum class Verb { closes, destroys };

constexpr Duration kRecorded = 4s;

// Steps of the world until the story has been told but for its goodbyes.
std::size_t stepsOf() {
  Story story;
  story.begin();
  std::size_t steps = 0;
  for (const Instant end = story.world.now() + kRecorded; story.world.schedule().next() <= end;
       ++steps)
    story.runStep();
  return steps;
}

void cutAfter(std::size_t steps, bool isOfferer, Verb verb) {
  SCOPED_TRACE("after step " + std::to_string(steps));
  Story story;
  story.begin();
  for (std::size_t step = 0; step < steps; ++step) story.runStep();
  Party& party = isOfferer ? *story.offerer : *story.answerer;
  Party& other = isOfferer ? *story.answerer : *story.offerer;
  const bool wasOpen = other.hasOpenChannel();
  verb == Verb::closes ? party.close() : party.drop();
  story.run(1s);
  EXPECT_FALSE(wasOpen && other.hasOpenChannel()) << "the other end has not heard of it";
  if (party.pc) {
    EXPECT_EQ(party.pc->connectionState(), RTCPeerConnectionState::closed);
  }
  story.run(8s);
  EXPECT_EQ(party.node.report().guests, 0u) << "its tail has ended";
  EXPECT_EQ(party.heardAfterEnd(), 0);
  story.end();
  EXPECT_EQ(story.thrown, std::vector<std::string>{});
  EXPECT_EQ(other.heardAfterEnd(), 0);
  EXPECT_EQ(story.holdings(), "");
}

void cutEverywhere(bool isOfferer, Verb verb) {
  const std::size_t steps = stepsOf();
  EXPECT_GT(steps, 100u);
  for (std::size_t at = 0; at <= steps; ++at) cutAfter(at, isOfferer, verb);
  std::printf("%zu cuts\n", steps + 1);
}

TEST(Cutting, TheOffererMayCloseAfterAnyStep) { cutEverywhere(true, Verb::closes); }
TEST(Cutting, TheOffererMayBeDestroyedAfterAnyStep) { cutEverywhere(true, Verb::destroys); }
TEST(Cutting, TheAnswererMayCloseAfterAnyStep) { cutEverywhere(false, Verb::closes); }
TEST(Cutting, TheAnswererMayBeDestroyedAfterAnyStep) { cutEverywhere(false, Verb::destroys); }

}  // namespace
}  // namespace parley::worlds
