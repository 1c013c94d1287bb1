#include "trace/pcapng.h"

#include "trace/recorder.h"

namespace parley::trace {
namespace {

struct Block {
  std::uint32_t type = 0;
  ByteVector body;
};

std::uint32_t get32(Bytes bytes, std::size_t at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

// Reads back what was written; the length stands at both ends of each block.
std::vector<Block> blocksOf(Bytes file) {
  std::vector<Block> blocks;
  while (file.size() >= 12) {
    const std::uint32_t length = get32(file, 4);
    if (length < 12 || length % 4 != 0 || length > file.size()) break;
    EXPECT_EQ(get32(file, length - 4), length);
    blocks.push_back({get32(file, 0), toVector(file.subspan(8, length - 12))});
    file = file.subspan(length);
  }
  EXPECT_TRUE(file.empty());
  return blocks;
}

struct Pcapng : testing::Test {
  std::string file;
  std::optional<Recorder> recorder{std::in_place};
  Pcapng() {
    recorder->add<PcapngWriter>([this](std::string_view more) { file += more; });
  }
  std::vector<Block> close() {
    recorder.reset();
    return blocksOf(bytesOf(file));
  }
  static TracedPacket datagram(Instant when, Bytes bytes) {
    return {.when = when,
            .local = *Address::parse("10.0.0.1:1000"),
            .remote = *Address::parse("10.0.0.2:2000"),
            .bytes = bytes};
  }
};

const ByteVector kPayload = {1, 2, 3, 4, 5};

TEST_F(Pcapng, BeginsWithASectionAndTwoInterfaces) {
  const auto blocks = close();
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
  EXPECT_EQ(get32(blocks[0].body, 0), 0x1a2b3c4du);
  EXPECT_EQ(get32(blocks[1].body, 0), 101u);
  EXPECT_EQ(get32(blocks[2].body, 0), 248u);
}

TEST_F(Pcapng, PutsADatagramUnderIpAndUdpHeaders) {
  recorder->ofNode("alice").packet(datagram(Instant{7us}, kPayload));
  const auto blocks = close();
  ASSERT_EQ(blocks.size(), 4u);
  const ByteVector& body = blocks[3].body;
  EXPECT_EQ(blocks[3].type, 6u);
  EXPECT_EQ(get32(body, 0), 0u);
  EXPECT_EQ(get32(body, 8), 7u);
  ASSERT_EQ(get32(body, 12), 20u + 8 + kPayload.size());
  const Bytes ip = Bytes(body).subspan(20, get32(body, 12));
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += ip[i] * 256u + ip[i + 1];
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu);  // RFC 1071: sound when it is all ones
  EXPECT_EQ(ip[15], 2);                              // it came in: from the other side
  EXPECT_EQ(ip[19], 1);
  EXPECT_TRUE(equal(ip.subspan(28), kPayload));
  EXPECT_NE(std::string(textOf(body)).find("alice"), std::string::npos);
}

TEST_F(Pcapng, WritesIpv6AsWell) {
  TracedPacket packet = datagram(Instant{}, kPayload);
  packet.local = *Address::parse("[fd00::1]:1");
  packet.remote = *Address::parse("[fd00::2]:2");
  packet.direction = TracedPacket::Direction::out;
  recorder->packet(packet);
  const auto blocks = close();
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(get32(blocks[3].body, 12), 40u + 8 + kPayload.size());
  EXPECT_EQ(blocks[3].body[20], 0x60);
  EXPECT_EQ(blocks[3].body[20 + 39], 2);  // it goes out: to the other side
}

TEST_F(Pcapng, GivesSctpAnInterfaceOfItsOwnAndNoHeaders) {
  recorder->packet({.when = Instant{}, .layer = TracedPacket::Layer::sctp, .bytes = kPayload});
  const auto blocks = close();
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(get32(blocks[3].body, 0), 1u);
  EXPECT_EQ(get32(blocks[3].body, 12), kPayload.size());
}

TEST_F(Pcapng, PutsKeysBeforeThePacketsOfTheirInstant) {
  recorder->packet(datagram(Instant{1us}, kPayload));
  recorder->packet(datagram(Instant{2us}, kPayload));
  recorder->keyLine(Instant{2us}, "CLIENT_RANDOM aa bb");
  const auto blocks = close();
  ASSERT_EQ(blocks.size(), 6u);
  EXPECT_EQ(get32(blocks[3].body, 8), 1u);
  EXPECT_EQ(blocks[4].type, 10u);
  EXPECT_EQ(get32(blocks[4].body, 0), 0x544c534bu);
  EXPECT_EQ(textOf(Bytes(blocks[4].body).subspan(8, get32(blocks[4].body, 4))),
            "CLIENT_RANDOM aa bb\n");
  EXPECT_EQ(get32(blocks[5].body, 8), 2u);
}

}  // namespace
}  // namespace parley::trace
