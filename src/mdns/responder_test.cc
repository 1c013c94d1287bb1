#include "mdns/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mdns/test_names.h"

namespace parley::mdns {
namespace {

using test::asks;
using test::at;
using test::ip;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct MdnsResponder : testing::Test {
  Instant now{10s};
  const Instant start = now;
  Responder responder;
  const std::string name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
  const Address neighbour = at("10.0.0.9:5353");

  struct Sent {
    Duration when;
    std::optional<Address> to;
    Message message;
  };
  std::vector<Sent> sent;

  void settle() {
    while (auto outgoing = responder.next(now))
      sent.push_back({now - start, outgoing->to, parse(outgoing->bytes).value()});
  }
  void runUntil(Instant end) {
    settle();
    while (responder.deadline() <= end) {
      now = responder.deadline();
      settle();
    }
    now = end;
  }
  void publish() { ASSERT_TRUE(responder.publish(now, name, ip("10.0.0.1"))); }
  void hear(const Message& query) {
    responder.receive(now, neighbour, query);
    settle();
  }
};

TEST_F(MdnsResponder, AnnouncesTwiceWithinASecond) {
  publish();
  runUntil(start + 1h);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].when - sent[0].when, 1s);
  for (const Sent& one : sent) {
    EXPECT_FALSE(one.to);
    EXPECT_THAT(one.message.records, ElementsAre(Record{name, ip("10.0.0.1"), 120s, true}));
  }
}

TEST_F(MdnsResponder, AnswersForItsNamesAndForNoOther) {
  publish();
  runUntil(start + 1min);
  sent.clear();
  hear(asks("other.local"));
  EXPECT_THAT(sent, IsEmpty());
  hear(asks(name));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_FALSE(sent[0].to);
  EXPECT_THAT(sent[0].message.records, ElementsAre(Record{name, ip("10.0.0.1"), 120s, true}));
}

TEST_F(MdnsResponder, MulticastsARecordOnceASecondAtMost) {
  publish();
  runUntil(start + 1min);
  sent.clear();
  for (int i = 0; i < 9; ++i) {
    hear(asks(name));
    runUntil(now + 100ms);
  }
  EXPECT_EQ(sent.size(), 1u);
  runUntil(now + 1min);
  EXPECT_EQ(sent.size(), 2u) << "who asked meanwhile is not forgotten";
}

TEST_F(MdnsResponder, AnswersByUnicastWhoAsksForItUnlessOthersWaitForNewsToo) {
  publish();
  runUntil(start + 10s);
  sent.clear();
  hear(asks(name, true));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].to, neighbour);
  EXPECT_EQ(sent[0].message.records.at(0).address, ip("10.0.0.1"));
  runUntil(now + 31s);
  hear(asks(name, true));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_FALSE(sent[1].to) << "a quarter of the lifetime is over";
}

TEST_F(MdnsResponder, AnswersAPlainResolverAsDnsWould) {
  publish();
  settle();
  sent.clear();
  Message query = asks(name);
  query.id = 0x1234;
  responder.receive(now, at("10.0.0.9:40000"), query);
  settle();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].to, at("10.0.0.9:40000"));
  EXPECT_EQ(sent[0].message.id, 0x1234);
  EXPECT_EQ(sent[0].message.questions.at(0).name, name);
  EXPECT_THAT(sent[0].message.records, ElementsAre(Record{name, ip("10.0.0.1"), 10s, false}));
}

TEST_F(MdnsResponder, DoesNotRepeatWhatIsKnown) {
  publish();
  runUntil(start + 1min);
  sent.clear();
  Message query = asks(name);
  query.records = {{name, ip("10.0.0.1"), 60s}};
  hear(query);
  EXPECT_THAT(sent, IsEmpty());
  query.records = {{name, ip("10.0.0.1"), 59s}};
  hear(query);
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(MdnsResponder, SaysGoodbyeForWhatItHasAnnounced) {
  publish();
  responder.withdraw(name);
  runUntil(start + 1min);
  EXPECT_THAT(sent, IsEmpty()) << "nobody had heard of it";
  publish();
  settle();
  responder.withdraw("other.local");
  responder.withdraw(name);
  EXPECT_FALSE(responder.isIdle());
  settle();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(sent[1].message.records, ElementsAre(Record{name, ip("10.0.0.1"), 0s, true}));
  EXPECT_TRUE(responder.isIdle());
  hear(asks(name));
  EXPECT_EQ(sent.size(), 2u);
}

TEST_F(MdnsResponder, ManyNamesAreSaidTogether) {
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(responder.publish(now, "n" + std::to_string(i) + ".local", ip("10.0.0.1")));
  settle();
  EXPECT_EQ(sent.size(), 3u);
  for (int i = 0; i < 20; ++i) responder.withdraw("n" + std::to_string(i) + ".local");
  settle();
  EXPECT_EQ(sent.size(), 6u);
}

TEST_F(MdnsResponder, KeepsABoundedNumberOfNames) {
  for (std::size_t i = 0; i < limits::mdns::kPublished; ++i)
    ASSERT_TRUE(responder.publish(now, "n" + std::to_string(i) + ".local", ip("10.0.0.1")));
  EXPECT_FALSE(responder.publish(now, "more.local", ip("10.0.0.1")));
  responder.withdraw("n0.local");
  EXPECT_TRUE(responder.publish(now, "more.local", ip("10.0.0.1")));
  EXPECT_FALSE(responder.publish(now, "more.local", ip("10.0.0.2"))) << "one name, one address";
}

TEST_F(MdnsResponder, AnswersABoundedNumberInASecond) {
  publish();
  runUntil(start + 10s);
  sent.clear();
  for (int i = 0; i < 1'000; ++i) hear(asks(name, true));
  EXPECT_EQ(sent.size(), static_cast<std::size_t>(limits::mdns::kAnswersPerSecond));
  EXPECT_EQ(responder.unanswered(), 1'000u - limits::mdns::kAnswersPerSecond);
  responder.withdraw(name);
  settle();
  EXPECT_TRUE(responder.isIdle()) << "even without a turn for its goodbye";
}

TEST_F(MdnsResponder, AResponseIsNoQuestion) {
  publish();
  runUntil(start + 1min);
  sent.clear();
  Message response = asks(name);
  response.isResponse = true;
  hear(response);
  EXPECT_THAT(sent, IsEmpty());
}

}  // namespace
}  // namespace parley::mdns
