#include "stun/length_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::stun {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string framed(std::string_view text) {
  PacketPool pool(1);
  Packet packet = pool.copyOf(bytesOf(text));
  LengthFramer::wrap(packet);
  return std::string(textOf(packet.bytes()));
}

std::vector<std::string> take(LengthFramer& framer) {
  std::vector<std::string> packets;
  while (const auto packet = framer.next()) packets.emplace_back(textOf(*packet));
  return packets;
}

TEST(LengthFramer, PutsTheLengthInFront) { EXPECT_EQ(framed("abc"), std::string("\0\3abc", 5)); }

TEST(LengthFramer, FindsTheSamePacketsWhereverTheStreamIsCut) {
  const std::string stream =
      framed("one") + framed("") + framed(std::string(300, 't')) + framed("3");
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    LengthFramer framer;
    framer.push(bytesOf(stream.substr(0, at)));
    auto packets = take(framer);
    framer.push(bytesOf(stream.substr(at)));
    for (std::string& packet : take(framer)) packets.push_back(std::move(packet));
    EXPECT_THAT(packets, ElementsAre("one", std::string(300, 't'), "3")) << at;
    EXPECT_EQ(framer.held(), 0u);
  }
}

TEST(LengthFramer, FailsForGoodOnAPacketLargerThanTheBound) {
  LengthFramer framer(4);
  framer.push(bytesOf(framed("1234") + framed("12345")));
  EXPECT_THAT(take(framer), ElementsAre("1234"));
  EXPECT_TRUE(framer.failed());
  framer.push(bytesOf(framed("1")));
  EXPECT_THAT(take(framer), IsEmpty());
  EXPECT_EQ(framer.held(), 0u);
}

}  // namespace
}  // namespace parley::stun
