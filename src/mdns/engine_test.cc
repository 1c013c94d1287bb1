#include "mdns/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mdns/test_names.h"

namespace parley::mdns {
namespace {

using test::at;
using test::ip;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct MdnsEngine : testing::Test {
  Instant now{10s};
  Engine alice, bob;
  const std::string name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
  const Address addressOfBob = at("10.0.0.2:5353");

  ByteVector answer() {
    const std::vector<Record> records = {{name, ip("10.0.0.2"), 120s}};
    return writeResponse(records);
  }
  std::vector<IpAddress> hears(const Origin& origin) {
    alice.ask(now, ResolveId{1}, name);
    alice.receive(now, origin, answer());
    const auto found = alice.nextAnswer();
    alice.cancel(ResolveId{1});
    return found ? found->found : std::vector<IpAddress>{};
  }
  void carry(Engine& from, const Address& source, Engine& to) {
    while (auto outgoing = from.nextOutgoing(now))
      to.receive(now, {source, !outgoing->to, true}, outgoing->bytes);
  }
};

TEST_F(MdnsEngine, OneFindsWhatTheOtherPublishes) {
  ASSERT_TRUE(bob.publish(now, name, ip("10.0.0.2")));
  carry(bob, addressOfBob, alice);
  alice.ask(now, ResolveId{7}, name);
  carry(alice, at("10.0.0.1:5353"), bob);
  carry(bob, addressOfBob, alice);
  const auto found = alice.nextAnswer();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->request, ResolveId{7});
  EXPECT_THAT(found->found, ElementsAre(ip("10.0.0.2")));
  EXPECT_TRUE(alice.isIdle());
}

TEST_F(MdnsEngine, KnowsItsOwnNamesWithoutAsking) {
  ASSERT_TRUE(bob.publish(now, name, ip("10.0.0.2")));
  while (bob.nextOutgoing(now)) {
  }
  bob.ask(now, ResolveId{7}, name);
  EXPECT_FALSE(bob.nextOutgoing(now));
  EXPECT_THAT(bob.nextAnswer()->found, ElementsAre(ip("10.0.0.2")));
}

TEST_F(MdnsEngine, HearsOnlyTheLocalLink) {
  EXPECT_THAT(hears({addressOfBob, false, false}), IsEmpty());
  EXPECT_EQ(alice.stats().notOnLink, 1u);
  EXPECT_THAT(hears({addressOfBob, false, true}), ElementsAre(ip("10.0.0.2")));
  EXPECT_THAT(hears({addressOfBob, true, false}), ElementsAre(ip("10.0.0.2")));
}

TEST_F(MdnsEngine, BelievesNoResponseFromAnotherPort) {
  EXPECT_THAT(hears({at("10.0.0.2:5354"), true, true}), IsEmpty());
  EXPECT_EQ(alice.stats().wrongPort, 1u);
}

TEST_F(MdnsEngine, ALinkLocalAddressBelongsToTheInterfaceItCameFrom) {
  alice.ask(now, ResolveId{1}, name);
  const std::vector<Record> records = {{name, ip("fe80::2"), 120s}, {name, ip("fd00::2"), 120s}};
  alice.receive(now, {addressOfBob, true, true, 3}, writeResponse(records));
  const auto found = alice.nextAnswer().value().found;
  EXPECT_EQ(found.at(0).scope(), 3u);
  EXPECT_EQ(found.at(1).scope(), 0u);
}

TEST_F(MdnsEngine, CountsWhatItCannotRead) {
  alice.receive(now, {addressOfBob, true, true}, bytesOf("not a message"));
  EXPECT_EQ(alice.stats().malformed, 1u);
}

}  // namespace
}  // namespace parley::mdns
