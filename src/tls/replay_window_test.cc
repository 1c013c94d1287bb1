#include "tls/replay_window.h"

#include <set>

#include "core/random.h"

namespace parley::dtls {
namespace {

TEST(ReplayWindow, RefusesWhatItSawAndWhatIsTooOld) {
  ReplayWindow window;
  EXPECT_TRUE(window.isFresh(0));
  window.note(0);
  EXPECT_FALSE(window.isFresh(0));
  window.note(100);
  EXPECT_TRUE(window.isFresh(37));
  EXPECT_FALSE(window.isFresh(36));
  window.note(37);
  EXPECT_FALSE(window.isFresh(37));
  EXPECT_TRUE(window.isFresh(101));
}

TEST(ReplayWindow, AskingDoesNotMoveIt) {  // D-7
  ReplayWindow window;
  window.note(5);
  EXPECT_TRUE(window.isFresh((std::uint64_t{1} << 48) - 1));
  EXPECT_TRUE(window.isFresh(4));
  EXPECT_TRUE(window.isFresh(6));
}

TEST(ReplayWindow, AgreesWithASetThatRemembersAll) {
  ReplayWindow window;
  std::set<std::uint64_t> seen;
  Random random(3);
  std::uint64_t highest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t base = highest > 80 ? highest - 80 : 0;
    const std::uint64_t sequence =
        random.below(50) == 0 ? highest + random.below(200) : base + random.below(90);
    const bool isOld = sequence + ReplayWindow::kSize <= highest;
    ASSERT_EQ(window.isFresh(sequence), !isOld && !seen.contains(sequence));
    if (!window.isFresh(sequence)) continue;
    window.note(sequence);
    seen.insert(sequence);
    highest = std::max(highest, sequence);
  }
}

}  // namespace
}  // namespace parley::dtls
