#include "tls/record.h"

namespace parley::dtls {
namespace {

using crypto::AeadAlgorithm;

constexpr AeadAlgorithm kAll[] = {AeadAlgorithm::aes128Gcm, AeadAlgorithm::aes256Gcm,
                                  AeadAlgorithm::chacha20Poly1305};

RecordKeys keysOf(AeadAlgorithm algorithm) {
  RecordKeys keys{.algorithm = algorithm};
  keys.key.fill(0x11);
  keys.iv.fill(0x22);
  return keys;
}

RecordView viewOf(ByteVector& bytes) {
  MutableBytes rest = bytes;
  return takeRecord(rest).value();
}

TEST(Record, HeaderIsReadAsItIsWritten) {
  ByteVector bytes(kRecordHeader + 3, 9);
  RecordHeader{ContentType::alert, kDtls12, 0x0102, 0x030405060708, 3}.write(bytes);
  EXPECT_EQ(ByteVector(bytes.begin(), bytes.begin() + 13),
            (ByteVector{21, 0xfe, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3}));
  const auto header = RecordHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type, ContentType::alert);
  EXPECT_EQ(header->epoch, 0x0102);
  EXPECT_EQ(header->sequence, 0x030405060708u);
}

TEST(Record, IsRefusedWhenCutOrForeign) {  // D-9
  ByteVector good(kRecordHeader + 3);
  RecordHeader{ContentType::alert, kDtls10, 0, 0, 3}.write(good);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(RecordHeader::parse(Bytes(good).first(size)));
  }
  ASSERT_TRUE(RecordHeader::parse(good));
  ByteVector foreign = good;
  foreign[0] = 24;  // heartbeats, of all things
  EXPECT_FALSE(RecordHeader::parse(foreign));
  foreign[0] = 19;
  EXPECT_FALSE(RecordHeader::parse(foreign));
  foreign = good;
  foreign[1] = 3;
  EXPECT_FALSE(RecordHeader::parse(foreign));
}

TEST(Record, SealsInThePacketsRoomAndOpensInPlace) {
  for (const AeadAlgorithm algorithm : kAll) {
    RecordSealer sealer(keysOf(algorithm));
    RecordOpener opener(keysOf(algorithm));
    PacketPool pool(4);
    for (const std::size_t size : {0u, 1u, 1'100u, 1'500u}) {
      const ByteVector text(size, 'a');
      Packet packet = pool.copyOf(text);
      ASSERT_TRUE(sealer.seal(ContentType::applicationData, packet));
      EXPECT_EQ(packet.size(), kRecordHeader + keysOf(algorithm).explicitNonce() + size + 16);
      MutableBytes rest = packet.mutableBytes();
      const auto record = takeRecord(rest);
      ASSERT_TRUE(record && rest.empty());
      EXPECT_EQ(record->header.epoch, 1);
      const auto plain = opener.open(*record);
      ASSERT_TRUE(plain.has_value());
      EXPECT_TRUE(equal(*plain, text));
      EXPECT_GE(plain->data(), record->body.data());
    }
  }
}

TEST(Record, CarriesItsNumberAsNonce) {  // D-10
  RecordSealer sealer(keysOf(AeadAlgorithm::aes128Gcm));
  sealer.skipTo(0x010203040506);
  const ByteVector record = sealer.seal(ContentType::alert, ByteVector{1, 0});
  EXPECT_EQ(ByteVector(record.begin() + 3, record.begin() + 11),
            ByteVector(record.begin() + 13, record.begin() + 21));
  EXPECT_EQ(record[10], 6);
  EXPECT_EQ(sealer.nextSequence(), 0x010203040507u);
}

TEST(Record, NumbersEndInsteadOfWrapping) {  // D-10
  RecordSealer sealer(keysOf(AeadAlgorithm::chacha20Poly1305));
  PacketPool pool(4);
  sealer.skipTo(kSequenceMax);
  Packet last = pool.copyOf(bytesOf("last"));
  EXPECT_TRUE(sealer.seal(ContentType::applicationData, last));
  Packet none = pool.copyOf(bytesOf("none"));
  EXPECT_FALSE(sealer.seal(ContentType::applicationData, none));
  EXPECT_EQ(none.size(), 4u);
  EXPECT_TRUE(sealer.seal(ContentType::alert, bytesOf("no")).empty());
}

TEST(Record, IsRefusedTwiceAndWithEveryFlippedBit) {
  for (const AeadAlgorithm algorithm : kAll) {
    RecordSealer sealer(keysOf(algorithm));
    RecordOpener opener(keysOf(algorithm));
    const ByteVector record = sealer.seal(ContentType::applicationData, bytesOf("some text"));
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
      ByteVector changed = record;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      MutableBytes rest = changed;
      const auto view = takeRecord(rest);
      ASSERT_FALSE(view && opener.open(*view)) << bit;
    }
    ByteVector good = record;
    EXPECT_TRUE(opener.open(viewOf(good)));
    good = record;
    EXPECT_EQ(opener.open(viewOf(good)).error(), RecordOpener::Refusal::replayed);
    good = record;
    EXPECT_TRUE(opener.open(viewOf(good), RecordOpener::Replay::ignore));
  }
}

TEST(Record, ThatIsTooShortForATagIsRefusedUnread) {  // D-8
  for (const AeadAlgorithm algorithm : kAll) {
    RecordOpener opener(keysOf(algorithm));
    const std::size_t least = keysOf(algorithm).explicitNonce() + 16;
    for (std::uint16_t size = 0; size <= 64; ++size) {
      ByteVector record(kRecordHeader + size);
      RecordHeader{ContentType::applicationData, kDtls12, 1, size, size}.write(record);
      EXPECT_EQ(opener.open(viewOf(record)).error(),
                size < least ? RecordOpener::Refusal::badSize : RecordOpener::Refusal::badTag);
    }
  }
}

TEST(Record, IsTakenOneByOneFromADatagram) {
  RecordSealer sealer(keysOf(AeadAlgorithm::aes128Gcm));
  ByteVector datagram;
  for (int i = 0; i < 3; ++i) {
    const ByteVector record = sealer.seal(ContentType::applicationData, bytesOf("x"));
    datagram.insert(datagram.end(), record.begin(), record.end());
  }
  datagram.push_back(22);
  MutableBytes rest = datagram;
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(takeRecord(rest)->header.sequence, i);
  EXPECT_FALSE(takeRecord(rest));
  EXPECT_EQ(rest.size(), 1u);
}

}  // namespace
}  // namespace parley::dtls
