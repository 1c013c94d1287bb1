#include "session/name_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "session/test_peer.h"

namespace parley::session {
namespace {

using test::kTransport;

constexpr TransportId kOther{9};

struct Owner final : Host::Guest {
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) override {
    for (Command& command : book->onResolved(step, request, found))
      released.push_back(std::move(command));
  }
  NameBook* book = nullptr;
  std::vector<Command> released;
};

struct NameBookTest : testing::Test {
  test::Net net;
  test::TestHost host{net, {"10.0.0.1"}};
  Owner owner;
  NameBook book{host, owner};

  NameBookTest() {
    host.enter(owner);
    owner.book = &book;
  }
  ~NameBookTest() override { host.leave(owner); }

  static AddRemoteCandidate named(std::string hostname, std::string ufrag = "",
                                  TransportId transport = kTransport) {
    AddRemoteCandidate command{transport, {}};
    command.candidate.hostname = std::move(hostname);
    command.candidate.address.port = 5'000;
    command.candidate.usernameFragment = std::move(ufrag);
    return command;
  }
  bool add(AddRemoteCandidate command) { return book.take(host.step(), command); }
  bool end(TransportId transport = kTransport) { return book.take(EndRemoteCandidates{transport}); }
  bool answer(const std::string& hostname, std::vector<std::string> texts) {
    std::vector<IpAddress> found;
    for (const std::string& text : texts) found.push_back(*IpAddress::parse(text));
    return host.answer(hostname, std::move(found));
  }
  std::vector<std::string> released() const {
    std::vector<std::string> all;
    for (const Command& command : owner.released) {
      if (const auto* one = std::get_if<AddRemoteCandidate>(&command))
        all.push_back(one->candidate.address.toString());
      if (std::holds_alternative<EndRemoteCandidates>(command)) all.emplace_back("end");
    }
    return all;
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(NameBookTest, ACandidateComesBackWithItsAddressAndItsName) {
  EXPECT_TRUE(add(named("a.local", "frag")));
  EXPECT_THAT(released(), IsEmpty());
  ASSERT_TRUE(answer("a.local", {"10.0.0.7"}));
  ASSERT_THAT(released(), ElementsAre("10.0.0.7:5000"));
  const auto& candidate = std::get<AddRemoteCandidate>(owner.released[0]).candidate;
  EXPECT_EQ(candidate.hostname, "a.local");
  EXPECT_EQ(candidate.usernameFragment, "frag");
  EXPECT_FALSE(candidate.needsResolution());
  EXPECT_EQ(book.waiting(), 0u);
}

TEST_F(NameBookTest, AddressesAndOtherNamesPassBy) {
  AddRemoteCandidate plain{kTransport, {}};
  plain.candidate.address = *Address::parse("10.0.0.7:5000");
  EXPECT_FALSE(add(plain));
  EXPECT_FALSE(add(named("turn.example")));
  EXPECT_FALSE(add(named("printer.office.local")));
  AddRemoteCandidate rtcp = named("a.local");
  rtcp.candidate.component = 2;
  EXPECT_FALSE(add(rtcp));
  AddRemoteCandidate tcp = named("a.local");
  tcp.candidate.protocol = ice::Protocol::tcp;
  tcp.candidate.tcpType = ice::TcpType::active;
  EXPECT_FALSE(add(tcp)) << "nobody connects to it";
  EXPECT_FALSE(end());
  EXPECT_TRUE(host.asked.empty());
}

TEST_F(NameBookTest, TheEndWaitsForTheLastName) {
  add(named("a.local"));
  add(named("b.local"));
  EXPECT_TRUE(end());
  EXPECT_FALSE(end(kOther)) << "another transport waits for nothing";
  answer("b.local", {"10.0.0.8"});
  EXPECT_THAT(released(), ElementsAre("10.0.0.8:5000"));
  answer("a.local", {});
  EXPECT_THAT(released(), ElementsAre("10.0.0.8:5000", "end")) << "a failure is an answer";
  EXPECT_FALSE(end());
}

TEST_F(NameBookTest, CandidatesWithOneNameShareTheQuestion) {
  add(named("a.local"));
  add(named("a.local", "", kOther));
  EXPECT_EQ(host.asked.size(), 1u);
  answer("a.local", {"10.0.0.7"});
  EXPECT_EQ(owner.released.size(), 2u);
}

TEST_F(NameBookTest, WhatNobodyOrALiarAnswersIsDropped) {  // I-8
  const std::vector<std::vector<std::string>> bad = {
      {},          {"10.0.0.1", "10.0.0.2"}, {"127.0.0.1"},      {"::1"},
      {"0.0.0.0"}, {"224.0.0.251"},          {"::ffff:10.0.0.1"}};
  for (const auto& addresses : bad) {
    add(named("a.local"));
    ASSERT_TRUE(answer("a.local", addresses));
  }
  EXPECT_THAT(released(), IsEmpty());
  EXPECT_EQ(book.waiting(), 0u);
}

TEST_F(NameBookTest, AsksForAFewAtATimeAndKeepsABoundedNumber) {  // I-8
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(add(named("n" + std::to_string(i) + ".local")));
  EXPECT_EQ(host.asked.size(), limits::mdns::kNamesAskedBySession);
  EXPECT_EQ(book.waiting(), limits::mdns::kNamesOfSession);
  std::size_t answered = 0;
  for (; !host.asked.empty(); ++answered) {
    ASSERT_LE(host.asked.size(), limits::mdns::kNamesAskedBySession);
    answer(host.asked.front().hostname, {"10.0.0.7"});
  }
  EXPECT_EQ(answered, limits::mdns::kNamesOfSession);
  EXPECT_EQ(owner.released.size(), limits::mdns::kNamesOfSession);
  for (int i = 0; i < 1'000; ++i) add(named("a.local"));
  EXPECT_EQ(book.waiting(), limits::mdns::kCandidatesOfSession);
}

TEST_F(NameBookTest, ANewGenerationDoesNotWaitForTheOneBefore) {
  book.setRemote(kTransport, "old");
  add(named("a.local", "old"));
  add(named("b.local"));
  end();
  book.setRemote(kTransport, "old");
  EXPECT_EQ(book.waiting(), 2u);
  add(named("c.local", "new"));
  book.setRemote(kTransport, "new");
  answer("a.local", {"10.0.0.7"});
  answer("b.local", {"10.0.0.7"});
  EXPECT_THAT(released(), IsEmpty());
  answer("c.local", {"10.0.0.9"});
  EXPECT_THAT(released(), ElementsAre("10.0.0.9:5000")) << "and no end, that was the old one's";
}

TEST_F(NameBookTest, AForgottenTransportGetsNothing) {
  add(named("a.local"));
  end();
  for (const char* name : {"b.local", "c.local", "d.local"}) add(named(name, "", kOther));
  add(named("e.local"));
  book.forget(kTransport);
  EXPECT_EQ(book.waiting(), 3u);
  answer("a.local", {"10.0.0.7"});
  EXPECT_THAT(released(), IsEmpty());
  EXPECT_EQ(host.asked.size(), 3u) << "nobody wants e.local any more";
}

struct NamedCandidates : testing::Test {
  test::Net net;
  test::Peer alice{net, "10.0.0.1", true};
  test::Peer bob{net, "10.0.0.2", false};
  const std::string name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";

  void hearOfName() {
    alice.create();
    bob.create();
    alice.execute(SetRemoteIce{kTransport, bob.credentials, false});
    bob.execute(SetRemoteIce{kTransport, alice.credentials, false});
    ice::Candidate candidate = bob.all<CandidateFound>().at(0).candidate;
    candidate.hostname = name;
    candidate.address.ip = {};
    alice.execute(AddRemoteCandidate{kTransport, candidate});
    alice.execute(EndRemoteCandidates{kTransport});
    alice.startSecure(bob);
    bob.startSecure(alice);
  }
};

TEST_F(NamedCandidates, ConnectOnceTheNameIsAnswered) {
  hearOfName();
  net.runFor(2s);
  EXPECT_FALSE(alice.isConnected());
  ASSERT_TRUE(alice.host.answer(name, {*IpAddress::parse("10.0.0.2")}));
  EXPECT_TRUE(net.runUntil([&] { return alice.isConnected() && bob.isConnected(); }, 5s));
  const auto selected = alice.all<PairSelected>();
  ASSERT_FALSE(selected.empty());
  EXPECT_EQ(selected.back().remote.hostname, name);
}

TEST_F(NamedCandidates, ThatNobodyAnswersAreNoCandidates) {
  hearOfName();
  ASSERT_TRUE(alice.host.answer(name, {}));
  EXPECT_TRUE(net.runUntil([&] { return alice.ice() == IceState::failed; }, 60s));
}

TEST_F(NamedCandidates, AreNotAskedForAfterClose) {
  hearOfName();
  EXPECT_EQ(alice.host.asked.size(), 1u);
  alice.execute(Close{});
  EXPECT_TRUE(alice.host.asked.empty());
}

}  // namespace
}  // namespace parley::session
