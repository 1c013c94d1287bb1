// The vectors of RFC 5769. Their own HMAC and CRC tell whether they were written down rightly.

#include <gtest/gtest.h>

#include "stun/credentials.h"
#include "stun/message.h"
#include "stun/test_messages.h"

namespace parley::stun {
namespace {

using test::fromHex;

constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

constexpr std::string_view kRequest =
    "00010058 2112a442 b7e7a701 bc34d686 fa87dfae"
    "80220010 5354554e 20746573 7420636c 69656e74"
    "00240004 6e0001ff"
    "80290008 932ff9b1 51263b36"
    "00060009 6576746a 3a683676 59202020"
    "00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2"
    "80280004 e57a3bcf";

constexpr std::string_view kResponseV4 =
    "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae"
    "8022000b 74657374 20766563 746f7220"
    "00200008 0001a147 e112a643"
    "00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7"
    "80280004 c07d4c96";

constexpr std::string_view kResponseV6 =
    "01010048 2112a442 b7e7a701 bc34d686 fa87dfae"
    "8022000b 74657374 20766563 746f7220"
    "00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"
    "00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41"
    "80280004 c8fb0b4c";

constexpr std::string_view kLongTerm =
    "00010060 2112a442 78ad3433 c6ad72c0 29da412e"
    "00060012 e3839ee3 8388e383 aae38383 e382af e382b9 0000"
    "0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341"
    "0014000b 6578616d 706c652e 6f726700"
    "00080014 f67024 656dd64a 3e02b8e0 712e85c9 a28ca896 66";

MessageView parsed(const ByteVector& bytes) {
  const auto view = MessageView::parse(bytes);
  EXPECT_TRUE(view.has_value());
  return view.value_or(MessageView());
}

TEST(Rfc5769, SampleRequest) {
  const ByteVector bytes = fromHex(kRequest);
  const MessageView view = parsed(bytes);
  EXPECT_EQ(view.messageClass(), Class::request);
  EXPECT_EQ(view.method(), Method::binding);
  EXPECT_EQ(view.username(), "evtj:h6vY");
  EXPECT_EQ(view.findText(Attribute::software), "STUN test client");
  EXPECT_EQ(view.findU32(Attribute::priority), 0x6e0001ffu);
  EXPECT_EQ(view.findU64(Attribute::iceControlled), 0x932ff9b151263b36u);
  EXPECT_TRUE(view.checkIntegrity(bytesOf(kPassword)));
  EXPECT_FALSE(view.checkIntegrity(bytesOf("VOkJxbRl1RmTxUk/WvJxBT")));
  EXPECT_TRUE(view.checkFingerprint());
}

TEST(Rfc5769, SampleIpv4Response) {
  const ByteVector bytes = fromHex(kResponseV4);
  const MessageView view = parsed(bytes);
  EXPECT_EQ(view.messageClass(), Class::success);
  EXPECT_EQ(view.findText(Attribute::software), "test vector");
  EXPECT_EQ(view.findXorAddress(Attribute::xorMappedAddress), Address::parse("192.0.2.1:32853"));
  EXPECT_TRUE(view.checkIntegrity(bytesOf(kPassword)));
  EXPECT_TRUE(view.checkFingerprint());
}

TEST(Rfc5769, SampleIpv6Response) {
  const ByteVector bytes = fromHex(kResponseV6);
  const MessageView view = parsed(bytes);
  EXPECT_EQ(view.findXorAddress(Attribute::xorMappedAddress),
            Address::parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
  EXPECT_TRUE(view.checkIntegrity(bytesOf(kPassword)));
  EXPECT_TRUE(view.checkFingerprint());
}

TEST(Rfc5769, SampleRequestWithLongTermAuthentication) {
  const ByteVector bytes = fromHex(kLongTerm);
  const MessageView view = parsed(bytes);
  const std::string_view user = "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9";
  EXPECT_EQ(view.username(), user);
  EXPECT_EQ(view.findText(Attribute::realm), "example.org");
  EXPECT_EQ(view.findText(Attribute::nonce), "f//499k954d6OL34oL9FSTvy64sA");
  const auto key = longTermKey(PasswordAlgorithm::md5, user, "example.org", "TheMatrIX");
  EXPECT_TRUE(view.checkIntegrity(key));
  EXPECT_FALSE(view.hasFingerprint());
}

// RFC 8489 B.1.
TEST(Rfc8489, UserhashAndSha256KeyDifferFromTheMd5One) {
  const std::string_view user = "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9";
  const auto hash = userhash(user, "example.org");
  EXPECT_TRUE(equal(hash, fromHex("4a3cf38f ef6992bd a952c678 0417da0f"
                                  "24819415 569e60b2 05c46e41 407f1704")));
  EXPECT_EQ(longTermKey(PasswordAlgorithm::sha256, user, "example.org", "x").size(), 32u);
}

}  // namespace
}  // namespace parley::stun
