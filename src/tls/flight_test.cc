#include "tls/flight.h"

#include "tls/test_link.h"

namespace parley::dtls {
namespace {

RecordKeys someKeys() {
  RecordKeys keys;
  keys.key.fill(1);
  keys.iv.fill(2);
  return keys;
}

std::vector<FlightRecord> someFlight() {
  return {{ContentType::handshake, kDtls12, 0, ByteVector(500, 'a')},
          {ContentType::handshake, kDtls12, 0, ByteVector(600, 'b')},
          {ContentType::changeCipherSpec, kDtls12, 0, ByteVector{1}},
          {ContentType::handshake, kDtls12, 1, ByteVector(24, 'c')}};
}

std::vector<RecordHeader> headersIn(std::vector<Packet>& datagrams) {
  std::vector<RecordHeader> headers;
  for (Packet& datagram : datagrams) {
    MutableBytes rest = datagram.mutableBytes();
    while (const auto record = takeRecord(rest)) headers.push_back(record->header);
  }
  return headers;
}

TEST(FlightSender, PacksInOrderAndUnderTheMtu) {
  testing::Bench bench;
  Step step = bench.step();
  RecordSealer sealer(someKeys());
  FlightSender sender;
  sender.replace(someFlight());
  auto wide = sender.pack(step, 1'300, &sealer);
  ASSERT_EQ(wide.size(), 1u);
  const auto headers = headersIn(wide);
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[2].type, ContentType::changeCipherSpec);
  EXPECT_EQ(headers[3].epoch, 1);

  const auto narrow = sender.pack(step, 700, &sealer);
  ASSERT_EQ(narrow.size(), 2u);
  EXPECT_EQ(narrow[0].size(), 513u);
}

TEST(FlightSender, NumbersEveryRepetitionAnew) {
  testing::Bench bench;
  Step step = bench.step();
  RecordSealer sealer(someKeys());
  RecordOpener opener(someKeys());
  FlightSender sender;
  sender.replace(someFlight());
  for (std::uint64_t round = 0; round < 5; ++round) {
    auto datagrams = sender.pack(step, 1'300, &sealer);
    const auto headers = headersIn(datagrams);
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(headers[i].sequence, round * 3 + i);
    EXPECT_EQ(headers[3].sequence, round);
    MutableBytes rest = datagrams[0].mutableBytes();
    for (int i = 0; i < 3; ++i) takeRecord(rest);
    const auto text = opener.open(takeRecord(rest).value());
    ASSERT_TRUE(text.has_value());
    EXPECT_TRUE(equal(*text, ByteVector(24, 'c')));
  }
}

TEST(FlightSender, GivesWhatThePoolAllows) {
  PacketPool pool(1);
  testing::Bench bench;
  Step step{bench.now, 0, pool, bench.random, bench.secrets, bench.trace};
  RecordSealer sealer(someKeys());
  FlightSender sender;
  sender.replace(someFlight());
  EXPECT_EQ(sender.pack(step, 700, &sealer).size(), 1u);
  EXPECT_EQ(sender.pack(step, 1'300, &sealer).size(), 1u);
}

}  // namespace
}  // namespace parley::dtls
