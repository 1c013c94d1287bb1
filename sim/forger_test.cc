#include "sim/forger.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/wire.h"
#include "stun/message.h"

namespace parley::sim {
namespace {

TEST(Forger, ItsStunIsWellFormedAndItsIntegrityIsWrong) {
  Forger forger(1);
  for (const Forgery kind : {Forgery::stunRequest, Forgery::stunResponse}) {
    const ByteVector bytes = forger.make(kind);
    const auto message = stun::MessageView::parse(bytes);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->method(), stun::Method::binding);
    EXPECT_TRUE(message->hasFingerprint());
    EXPECT_TRUE(message->checkFingerprint());
    EXPECT_TRUE(message->hasIntegrity());
    EXPECT_FALSE(message->checkIntegrity(bytesOf("password")));
  }
}

TEST(Forger, ItsRecordsAreDtls) {
  Forger forger(2);
  for (const Forgery kind :
       {Forgery::clientHello, Forgery::alert, Forgery::changeCipherSpec, Forgery::sealedData}) {
    const ByteVector bytes = forger.make(kind);
    WireReader in(bytes);
    const std::uint8_t type = in.u8();
    EXPECT_TRUE(type >= 20 && type <= 23);
    EXPECT_EQ(in.u16(), 0xfefd);
    EXPECT_EQ(in.u16(), kind == Forgery::sealedData ? 1 : 0);
    in.u48();
    const std::uint16_t length = in.u16();
    EXPECT_EQ(in.remaining(), length);
  }
  const ByteVector hello = forger.make(Forgery::clientHello);
  EXPECT_EQ(hello.at(13), 1);                         // a ClientHello
  EXPECT_EQ(hello.at(16) + 12u + 13u, hello.size());  // whole
  EXPECT_LT(hello.size(), 200u);
}

TEST(Forger, SpoiltBytesDiffer) {
  Forger forger(3);
  const std::string real(100, 'r');
  std::size_t different = 0;
  for (int i = 0; i < 1'000; ++i) different += !equal(forger.spoil(bytesOf(real)), bytesOf(real));
  EXPECT_GT(different, 980u);  // now and then the same bit is turned twice
  forger.spoil({});
}

TEST(Forger, TheSameSeedForgesTheSame) {
  Forger a(7), b(7), c(8);
  std::size_t equals = 0;
  for (int i = 0; i < 200; ++i) {
    const ByteVector one = a.any();
    ASSERT_EQ(one, b.any());
    equals += one == c.any();
  }
  EXPECT_LT(equals, 10u);
}

}  // namespace
}  // namespace parley::sim
