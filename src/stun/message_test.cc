#include "stun/message.h"

#include <gtest/gtest.h>

#include "core/wire.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/test_messages.h"

namespace parley::stun {
namespace {

using test::idOf;

constexpr std::string_view kKey = "a password of some length";

ByteVector header(std::uint16_t type, std::size_t length) {
  ByteVector bytes(kHeaderSize);
  WireWriter(bytes)
      .u16(type)
      .u16(static_cast<std::uint16_t>(length))
      .u32(kMagicCookie)
      .bytes(idOf(3));
  return bytes;
}

void append(ByteVector& message, std::uint16_t type, std::size_t length, std::size_t present) {
  ByteVector attribute(4 + present, 0xab);
  WireWriter(attribute).u16(type).u16(static_cast<std::uint16_t>(length));
  message.insert(message.end(), attribute.begin(), attribute.end());
  WireWriter(MutableBytes(message).subspan(2, 2))
      .u16(static_cast<std::uint16_t>(message.size() - kHeaderSize));
}

class MessageTest : public ::testing::Test {
 protected:
  MessageBuilder begin(Class kind = Class::request) {
    return {pool_.take(), kind, Method::binding, idOf(1)};
  }
  PacketPool pool_{64};
};

TEST_F(MessageTest, LooksLikeStunOnlyWithTheCookieAndAWholeHeader) {
  ByteVector bytes = header(1, 0);
  EXPECT_TRUE(MessageView::looksLike(bytes));
  EXPECT_FALSE(MessageView::looksLike(Bytes(bytes).first(19)));
  bytes[4] ^= 1;
  EXPECT_FALSE(MessageView::looksLike(bytes));
  bytes[4] ^= 1;
  bytes[0] = 0x80;
  EXPECT_FALSE(MessageView::looksLike(bytes));
}

TEST_F(MessageTest, EveryClassAndMethodSurvivesTheHeader) {
  for (unsigned kind = 0; kind < 4; ++kind) {
    for (unsigned method = 0; method < 0x1000; ++method) {
      const Packet packet = MessageBuilder(pool_.take(), static_cast<Class>(kind),
                                           static_cast<Method>(method), idOf(9))
                                .finish();
      const auto view = MessageView::parse(packet.bytes());
      ASSERT_TRUE(view);
      ASSERT_EQ(view->messageClass(), static_cast<Class>(kind));
      ASSERT_EQ(view->method(), static_cast<Method>(method));
    }
  }
}

TEST_F(MessageTest, TotalLengthMustFitTheDatagramExactly) {  // T-1
  for (int off = -4; off <= 4; ++off) {
    ByteVector bytes = header(1, 0);
    append(bytes, 0x8022, 8, 8);
    WireWriter(MutableBytes(bytes).subspan(2, 2)).u16(static_cast<std::uint16_t>(12 + off));
    EXPECT_EQ(MessageView::parse(bytes).has_value(), off == 0) << off;
  }
}

TEST_F(MessageTest, NoAttributeOfAnyLengthIsReadBeyondTheDatagram) {  // T-1
  for (unsigned type = 0; type < 0x40; ++type) {
    for (const unsigned high : {0u, 0x8000u}) {
      for (std::size_t length = 0; length <= 36; ++length) {
        for (std::size_t present = 0; present <= 36; present += 4) {
          ByteVector bytes = header(0x0101, 0);
          append(bytes, static_cast<std::uint16_t>(type | high), length, present);
          const auto view = MessageView::parse(bytes);
          const bool fits = (length + 3) / 4 * 4 == present;
          const auto attribute = static_cast<Attribute>(type | high);
          if (!fits) {
            // Either cut short, or what is left over reads as an attribute header of 0xabab.
            ASSERT_FALSE(view) << type << ' ' << length << ' ' << present;
            continue;
          }
          if (!view) continue;
          (void)view->findXorAddress(attribute);
          (void)view->findAddress(attribute);
          (void)view->findAlgorithms(attribute);
          (void)view->findError();
          EXPECT_EQ(view->findU32(attribute).has_value(), view->has(attribute) && length == 4);
          EXPECT_EQ(view->findU64(attribute).has_value(), view->has(attribute) && length == 8);
        }
      }
    }
  }
}

TEST_F(MessageTest, AddressesRoundTripInBothForms) {
  for (const char* text : {"192.0.2.1:1", "[2001:db8::7]:65535", "[::]:0", "0.0.0.0:9"}) {
    const Address address = *Address::parse(text);
    const Packet packet = begin()
                              .addAddress(Attribute::mappedAddress, address)
                              .addXorAddress(Attribute::xorMappedAddress, address)
                              .finish();
    const auto view = MessageView::parse(packet.bytes());
    ASSERT_TRUE(view);
    EXPECT_EQ(view->findAddress(Attribute::mappedAddress), address);
    EXPECT_EQ(view->findXorAddress(Attribute::xorMappedAddress), address);
    EXPECT_FALSE(
        equal(*view->find(Attribute::mappedAddress), *view->find(Attribute::xorMappedAddress)));
  }
}

TEST_F(MessageTest, ErrorsUnknownAttributesAndAlgorithmsRoundTrip) {
  const std::array<std::uint16_t, 3> types{0x7001, 0x7002, 0x7003};
  const Packet packet = begin(Class::error)
                            .addError(ErrorCode::unknownAttribute, "what")
                            .addUnknown(types)
                            .addAlgorithms(Attribute::passwordAlgorithms,
                                           {PasswordAlgorithm::sha256, PasswordAlgorithm::md5})
                            .finish();
  const auto view = MessageView::parse(packet.bytes());
  ASSERT_TRUE(view);
  ASSERT_TRUE(view->findError());
  EXPECT_EQ(view->findError()->code, 420);
  EXPECT_EQ(view->findError()->reason, "what");
  EXPECT_EQ(view->find(Attribute::unknownAttributes)->size(), 6u);
  const auto algorithms = view->findAlgorithms(Attribute::passwordAlgorithms);
  ASSERT_EQ(algorithms.count, 2u);
  EXPECT_EQ(algorithms.list[0], PasswordAlgorithm::sha256);
}

TEST_F(MessageTest, BothFormsOfIntegrityHoldTogetherAndEveryFlippedBitBreaksThem) {
  const Packet packet =
      begin().addText(Attribute::username, "abcd:efgh").finish(Integrity::both, bytesOf(kKey));
  const ByteVector good = toVector(packet.bytes());
  const auto view = MessageView::parse(good);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->checkIntegrity(bytesOf(kKey)));
  EXPECT_TRUE(view->checkIntegritySha256(bytesOf(kKey)));
  EXPECT_TRUE(view->checkFingerprint());
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    ByteVector bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto broken = MessageView::parse(bad);
    ASSERT_FALSE(broken && broken->checkFingerprint()) << bit;
    const bool inside = bit / 8 < good.size() - 8 - 36;  // before MESSAGE-INTEGRITY-SHA256
    if (broken && inside) {
      ASSERT_FALSE(broken->checkIntegritySha256(bytesOf(kKey))) << bit;
    }
  }
}

TEST_F(MessageTest, Sha256IntegrityMayBeTruncatedDownToSixteenBytes) {
  for (const std::size_t size : {16u, 20u, 24u, 28u, 32u}) {
    const Packet packet = begin().finish(Integrity::sha256, bytesOf(kKey), true, size);
    const auto view = MessageView::parse(packet.bytes());
    ASSERT_TRUE(view) << size;
    EXPECT_TRUE(view->checkIntegritySha256(bytesOf(kKey)));
    EXPECT_FALSE(view->checkIntegritySha256(bytesOf("other")));
  }
  for (const std::size_t size : {0u, 4u, 12u, 18u, 36u}) {
    ByteVector bytes = header(1, 0);
    append(bytes, 0x001c, size, (size + 3) / 4 * 4);
    EXPECT_FALSE(MessageView::parse(bytes)) << size;
  }
}

TEST_F(MessageTest, AttributesBehindTheIntegrityAreNotSeen) {  // T-2
  Packet packet = begin().finish(Integrity::sha1, bytesOf(kKey), false);
  ByteVector bytes = toVector(packet.bytes());
  append(bytes, 0x0025, 0, 0);  // USE-CANDIDATE by somebody on the way
  append(bytes, 0x7777, 4, 4);
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->checkIntegrity(bytesOf(kKey)));
  EXPECT_FALSE(view->has(Attribute::useCandidate));
  EXPECT_EQ(view->unknownRequired({}).count, 0u);
}

TEST_F(MessageTest, NothingMayFollowTheFingerprint) {  // T-2
  Packet packet = begin().finish();
  ByteVector bytes = toVector(packet.bytes());
  append(bytes, 0x8022, 4, 4);
  EXPECT_FALSE(MessageView::parse(bytes));
}

TEST_F(MessageTest, OfRepeatedAttributesTheFirstCounts) {  // T-4
  const Packet packet =
      begin().addU32(Attribute::priority, 1).addU32(Attribute::priority, 2).finish();
  EXPECT_EQ(MessageView::parse(packet.bytes())->findU32(Attribute::priority), 1u);
}

TEST_F(MessageTest, UnknownRequiredAttributesAreListedOnceAndAtMostSixteen) {  // T-4
  MessageBuilder builder = begin();
  for (std::uint16_t i = 0; i < 20; ++i) {
    builder.add(static_cast<Attribute>(0x7000 + i)).add(static_cast<Attribute>(0x7000 + i));
  }
  builder.add(static_cast<Attribute>(0xc001));  // comprehension-optional
  const Packet packet = builder.finish();
  const auto view = MessageView::parse(packet.bytes());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->unknownRequired({}).count, 16u);
  EXPECT_EQ(view->unknownRequired({static_cast<Attribute>(0x7000)}).types[0], 0x7001);
}

TEST_F(MessageTest, SixtyFourAttributesAreTakenAndOneMoreIsNot) {
  ByteVector bytes = header(1, 0);
  for (int i = 0; i < 64; ++i) append(bytes, 0xc000, 0, 0);
  EXPECT_TRUE(MessageView::parse(bytes));
  append(bytes, 0xc000, 0, 0);
  EXPECT_EQ(MessageView::parse(bytes).error(), ParseError::tooMany);
}

TEST_F(MessageTest, LargerThanTheBoundIsRefusedUnlessTheCallerRaisesIt) {
  ByteVector bytes = header(0x0017, 0);
  append(bytes, 0x0013, 1'400, 1'400);
  EXPECT_EQ(MessageView::parse(bytes).error(), ParseError::tooLarge);
  ASSERT_TRUE(MessageView::parse(bytes, 2'048));
  EXPECT_EQ(MessageView::parse(bytes, 2'048)->find(Attribute::data)->size(), 1'400u);
}

TEST_F(MessageTest, AMessageThatDoesNotFitBecomesAFalsePacket) {
  const ByteVector big(2'000);
  EXPECT_FALSE(begin()
                   .add(Attribute::data, big)
                   .addU32(Attribute::priority, 1)
                   .finish(Integrity::sha1, bytesOf(kKey)));
  EXPECT_FALSE(MessageBuilder({}, Class::request, Method::binding, idOf(1)).finish());
  EXPECT_EQ(pool_.inUse(), 0u);
}

// RFC 8656 18: what TURN asks with and is answered with.
TEST_F(MessageTest, AttributesOfTurnRoundTrip) {
  const std::array peers = {*Address::parse("192.0.2.1:1"), *Address::parse("[2001:db8::1]:2")};
  const Packet packet =
      begin()
          .addXorAddress(Attribute::xorPeerAddress, peers[0])
          .addChannelNumber(0x4321)
          .addXorAddress(Attribute::xorPeerAddress, peers[1])
          .addU8(Attribute::requestedTransport, kTransportUdp)
          .addU8(Attribute::requestedAddressFamily, static_cast<std::uint8_t>(AddressFamily::v6))
          .addAddressError(AddressFamily::v6, ErrorCode::addressFamilyNotSupported)
          .finish();
  const auto view = MessageView::parse(packet.bytes());
  ASSERT_TRUE(view);
  const auto found = view->findXorAddresses(Attribute::xorPeerAddress);
  EXPECT_TRUE(found.isWhole);
  ASSERT_EQ(found.count, 2u);
  EXPECT_EQ(found.list[0], peers[0]);
  EXPECT_EQ(found.list[1], peers[1]);
  EXPECT_EQ(view->findChannelNumber(), 0x4321);
  EXPECT_EQ(view->findU8(Attribute::requestedTransport), kTransportUdp);
  EXPECT_EQ(view->findU8(Attribute::requestedAddressFamily), 2);
  EXPECT_TRUE(equal(*view->find(Attribute::addressErrorCode), test::fromHex("02000428")));
  EXPECT_EQ(view->findXorAddresses(Attribute::xorMappedAddress).count, 0u);
}

TEST_F(MessageTest, AListOfPeersThatIsTooLongOrBrokenIsNotWhole) {
  MessageBuilder many = begin();
  for (std::uint16_t port = 1; port <= 17; ++port) {
    many.addXorAddress(Attribute::xorPeerAddress, {IpAddress::v4({1, 2, 3, 4}), port});
  }
  const Packet packet = many.finish();
  const auto tooMany =
      MessageView::parse(packet.bytes())->findXorAddresses(Attribute::xorPeerAddress);
  EXPECT_FALSE(tooMany.isWhole);
  EXPECT_EQ(tooMany.count, 16u);
  const Packet broken = begin().addU32(Attribute::xorPeerAddress, 1).finish();
  EXPECT_FALSE(
      MessageView::parse(broken.bytes())->findXorAddresses(Attribute::xorPeerAddress).isWhole);
}

TEST_F(MessageTest, ParsedAndWrittenAgainStaysTheSame) {
  const Packet first = begin()
                           .addText(Attribute::username, "abc")
                           .addU64(Attribute::iceControlling, 77)
                           .finish(Integrity::sha1, bytesOf(kKey));
  const auto view = MessageView::parse(first.bytes());
  const Packet second =
      MessageBuilder(pool_.take(), view->messageClass(), view->method(), view->transaction())
          .addText(Attribute::username, *view->username())
          .addU64(Attribute::iceControlling, *view->findU64(Attribute::iceControlling))
          .finish(Integrity::sha1, bytesOf(kKey));
  EXPECT_TRUE(equal(first.bytes(), second.bytes()));
}

// A quarter of a million damaged messages: whatever parses must be safe to look at.
TEST_F(MessageTest, RandomDamageNeverReadsOutside) {
  Random random(42);
  const Packet packet = begin()
                            .addText(Attribute::username, "abcd:efgh")
                            .addXorAddress(Attribute::xorMappedAddress, *Address::parse("[::1]:5"))
                            .addError(ErrorCode::staleNonce, "stale")
                            .addAlgorithms(Attribute::passwordAlgorithms,
                                           {PasswordAlgorithm::md5, PasswordAlgorithm::sha256})
                            .finish(Integrity::both, bytesOf(kKey));
  const ByteVector good = toVector(packet.bytes());
  std::size_t parsed = 0;
  for (int round = 0; round < 50'000; ++round) {
    ByteVector bad = good;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      bad[random.below(bad.size())] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.below(4) == 0) bad.resize(random.below(bad.size() + 1));
    const ByteVector exact(bad);  // its own allocation, so that a sanitizer sees the end
    const auto view = MessageView::parse(exact);
    if (!view) continue;
    ++parsed;
    (void)view->findError();
    (void)view->findXorAddress(Attribute::xorMappedAddress);
    (void)view->findXorAddresses(Attribute::xorMappedAddress);
    (void)view->findAlgorithms(Attribute::passwordAlgorithms);
    (void)view->unknownRequired({});
    (void)view->checkIntegrity(bytesOf(kKey));
    (void)view->checkIntegritySha256(bytesOf(kKey));
    EXPECT_FALSE(view->checkFingerprint() && !equal(exact, good));
  }
  EXPECT_GT(parsed, 1'000u);
}

TEST(Fingerprint, IsTheCommonCrc32) { EXPECT_EQ(crc32(bytesOf("123456789")), 0xcbf43926u); }

}  // namespace
}  // namespace parley::stun
