#include "sctp/transmit/send_queue.h"

#include <gtest/gtest.h>

namespace parley::sctp {
namespace {

constexpr Instant kNow{1s};

OutMessage message(std::uint16_t stream, std::size_t size = 10) {
  return {{{stream}, {51}, ByteVector(size)}, {}, never(), {}};
}

TEST(SendQueue, NumbersTheMessagesOfEachStreamInTurn) {
  SendQueue queue;
  for (const int stream : {1, 1, 2}) queue.push(message(static_cast<std::uint16_t>(stream)));
  EXPECT_EQ(queue.bytes(), 30u);
  for (const auto& [stream, ssn] : {std::pair(1, 0), std::pair(2, 0), std::pair(1, 1)}) {
    const auto popped = queue.pop(kNow);
    ASSERT_TRUE(popped);
    EXPECT_EQ(popped->message.stream.value, stream);
    EXPECT_EQ(popped->ssn.value, ssn);
  }
  EXPECT_FALSE(queue.pop(kNow));
}

TEST(SendQueue, MessagesOfTheNewLifeWaitForTheReset) {
  SendQueue queue;
  queue.push(message(1));
  queue.beginReset({1});
  queue.push(message(1));
  EXPECT_TRUE(queue.pop(kNow));
  EXPECT_FALSE(queue.pop(kNow));
  EXPECT_FALSE(queue.isQuiet({1}));
  queue.settled({1});
  EXPECT_TRUE(queue.isQuiet({1}));
  queue.endReset({1}, true);
  const auto popped = queue.pop(kNow);
  ASSERT_TRUE(popped);
  EXPECT_EQ(popped->ssn.value, 0);
}

// A reset that ends before its stream was quiet leaves no old life behind.
TEST(SendQueue, AResetThatEndsEarlyForgetsWhatItWaitedFor) {
  SendQueue queue;
  queue.push(message(1));
  queue.beginReset({1});
  queue.endReset({1}, false);
  EXPECT_TRUE(queue.isQuiet({1}));
}

}  // namespace
}  // namespace parley::sctp
