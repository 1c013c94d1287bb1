#include "turn/socks_connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::turn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kSocks = ProxyConfig::Kind::socks5;
const ProxyConfig kAnonymous{.kind = kSocks, .host = "proxy.example", .port = 1'080};
const ProxyConfig kAnn{
    .kind = kSocks, .host = "proxy.example", .port = 1'080, .username = "ann", .password = "pw"};
const ProxyTarget kTarget{"turn.example", 443};

const ByteVector kOpened{5, 0, 0, 1, 192, 0, 2, 1, 0x12, 0x34};

ByteVector joined(std::initializer_list<ByteVector> parts) {
  ByteVector all;
  for (const ByteVector& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// One told everything in pieces, and all that it said.
struct Talk {
  Talk(const ProxyConfig& proxy, Bytes answers, std::size_t cut) : way(proxy, kTarget) {
    hear(answers.first(cut));
    if (taken == cut) hear(answers.subspan(cut));
  }
  void hear(Bytes bytes) {
    collect();
    taken += way.receive(bytes);
    collect();
  }
  void collect() {
    const ByteVector more = way.takeUnsent();
    said.insert(said.end(), more.begin(), more.end());
  }

  SocksConnect way;
  ByteVector said;
  std::size_t taken = 0;
};

// The same wherever the stream is cut.
Talk talkOfAll(const ProxyConfig& proxy, Bytes answers) {
  Talk whole(proxy, answers, 0);
  for (std::size_t cut = 1; cut < answers.size(); ++cut) {
    const Talk other(proxy, answers, cut);
    EXPECT_EQ(other.way.isThrough(), whole.way.isThrough()) << "cut at " << cut;
    EXPECT_EQ(other.way.failure(), whole.way.failure()) << "cut at " << cut;
    EXPECT_EQ(other.said, whole.said) << "cut at " << cut;
    if (whole.way.isThrough()) EXPECT_EQ(other.taken, whole.taken) << "cut at " << cut;
  }
  return whole;
}

std::string failureOf(const ProxyConfig& proxy, const ByteVector& answers) {
  const Talk talk = talkOfAll(proxy, answers);
  EXPECT_FALSE(talk.way.isThrough());
  return talk.way.failure().value_or("");
}

TEST(SocksConnect, AsksForANameWithoutALogin) {
  const Talk talk = talkOfAll(kAnonymous, joined({{5, 0}, kOpened}));
  EXPECT_TRUE(talk.way.isThrough());
  EXPECT_EQ(talk.said,
            joined({{5, 1, 0}, {5, 1, 0, 3, 12}, toVector(bytesOf("turn.example")), {0x01, 0xbb}}));
}

TEST(SocksConnect, AsksForAddressesAsWhatTheyAre) {
  SocksConnect v4(kAnonymous, {"192.0.2.9", 3'478});
  v4.takeUnsent();
  v4.receive(ByteVector{5, 0});
  EXPECT_THAT(v4.takeUnsent(), ElementsAre(5, 1, 0, 1, 192, 0, 2, 9, 0x0d, 0x96));
  SocksConnect v6(kAnonymous, {"2001:db8::9", 3'478});
  v6.takeUnsent();
  v6.receive(ByteVector{5, 0});
  EXPECT_THAT(v6.takeUnsent(), ElementsAre(5, 1, 0, 4, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
                                           0, 0, 0, 9, 0x0d, 0x96));
}

TEST(SocksConnect, LogsInWhereTheProxyWantsIt) {
  const Talk talk = talkOfAll(kAnn, joined({{5, 2}, {1, 0}, kOpened}));
  EXPECT_TRUE(talk.way.isThrough());
  EXPECT_EQ(ByteVector(talk.said.begin(), talk.said.begin() + 12),
            (ByteVector{5, 2, 0, 2, 1, 3, 'a', 'n', 'n', 2, 'p', 'w'}));
  const Talk open = talkOfAll(kAnn, joined({{5, 0}, kOpened}));
  EXPECT_TRUE(open.way.isThrough());
  EXPECT_THAT(std::string(textOf(open.said)), testing::Not(HasSubstr("ann")));
}

TEST(SocksConnect, WhatFollowsTheReplyIsTheServers) {
  for (const ByteVector& reply :
       {kOpened, ByteVector{5, 0, 0, 3, 2, 'a', 'b', 0, 1}, ByteVector{5, 0, 0, 3, 0, 0, 1},
        ByteVector{5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}) {
    const Talk talk = talkOfAll(kAnonymous, joined({{5, 0}, reply, {5, 1, 2, 3}}));
    EXPECT_TRUE(talk.way.isThrough());
    EXPECT_EQ(talk.taken, 2 + reply.size());
    for (std::size_t size = 0; size < reply.size(); ++size) {
      const ByteVector part(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
      const Talk unfinished(kAnonymous, joined({{5, 0}, part}), 0);
      EXPECT_FALSE(unfinished.way.isThrough());
      EXPECT_EQ(unfinished.way.failure(), std::nullopt);
    }
  }
}

TEST(SocksConnect, ARefusalIsNamed) {
  EXPECT_EQ(failureOf(kAnonymous, {5, 0xff}), "the proxy asks for a user name and a password");
  EXPECT_EQ(failureOf(kAnn, {5, 0xff}), "the proxy takes no user name and password");
  EXPECT_EQ(failureOf(kAnn, {5, 2, 1, 1}), "the proxy refused the user name or the password");
  EXPECT_EQ(failureOf(kAnonymous, {5, 0, 5, 2}),
            "the proxy answered: not allowed by its rules (2)");
  EXPECT_EQ(failureOf(kAnonymous, {5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0}),
            "the proxy answered: connection refused (5)");
  EXPECT_EQ(failureOf(kAnonymous, {5, 0, 5, 99}), "the proxy answered: a failure that has no name");
}

TEST(SocksConnect, WhatWasNotOfferedIsNotDone) {
  EXPECT_EQ(failureOf(kAnonymous, {5, 2}), "the proxy asks for a user name and a password");
  EXPECT_EQ(failureOf(kAnn, {5, 1}), "the proxy takes no user name and password");
  const Talk talk = talkOfAll(kAnonymous, ByteVector{5, 2, 1, 0});
  EXPECT_THAT(talk.said, ElementsAre(5, 1, 0));
}

TEST(SocksConnect, WhatIsNoSocksEndsIt) {
  for (const ByteVector& answers :
       {ByteVector{4}, ByteVector{'H', 'T', 'T', 'P'}, ByteVector{5, 0, 4},
        ByteVector{5, 0, 0, 0x5a}, ByteVector{5, 0, 5, 0, 1, 1}, ByteVector{5, 0, 5, 0, 0, 2},
        ByteVector{5, 0, 5, 0, 0, 0}})
    EXPECT_EQ(failureOf(kAnonymous, answers), "the proxy does not speak SOCKS 5");
  EXPECT_EQ(failureOf(kAnn, {5, 2, 5, 0}), "the proxy does not speak SOCKS 5");
}

TEST(SocksConnect, WhatDoesNotFitAByteIsNotAsked) {
  const std::string longest(255, 'a');
  EXPECT_FALSE(SocksConnect(kAnonymous, {longest, 1}).failure());
  EXPECT_EQ(SocksConnect(kAnonymous, {longest + 'a', 1}).failure(),
            "the server's name cannot be told to a proxy");
  EXPECT_TRUE(SocksConnect(kAnonymous, {"", 1}).failure());
  ProxyConfig proxy = kAnn;
  proxy.password = longest + 'a';
  SocksConnect way(proxy, kTarget);
  EXPECT_EQ(way.failure(), "the user name or the password is too long for the proxy");
  EXPECT_TRUE(way.takeUnsent().empty());
}

}  // namespace
}  // namespace parley::turn
