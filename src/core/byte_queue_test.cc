#include "core/byte_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

TEST(ByteQueue, GivesBackWhatCameInOrderHoweverItIsCut) {
  ByteQueue queue;
  std::string in, out;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    in += piece;
    queue.push(bytesOf(piece));
    const std::size_t take = std::min<std::size_t>(queue.size(), i % 5);
    out += textOf(queue.bytes().first(take));
    queue.drop(take);
    EXPECT_EQ(queue.size(), in.size() - out.size());
  }
  out += textOf(queue.bytes());
  queue.drop(queue.size());
  EXPECT_EQ(out, in);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace parley
