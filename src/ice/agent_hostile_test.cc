// What strangers, broken peers and hostile ones may and may not bring about.

#include <gtest/gtest.h>

#include "ice/request.h"
#include "ice/test_net.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"

namespace parley::ice {
namespace {

using stun::Attribute;
using stun::Class;
using stun::Integrity;
using stun::MessageBuilder;
using stun::MessageView;
using stun::Method;
using test::at;
using test::kTransport;
using test::Net;
using test::Peer;

const Address kLeft = at("192.0.2.1:1000");
const Address kRight = at("192.0.2.2:2000");
const Address kStranger = at("198.51.100.66:6666");

class Hostile : public ::testing::Test {
 protected:
  Hostile() {
    left_.open(kLeft);
    right_.open(kRight);
    net_.tap = [this](const Address& from, const Address& to, Bytes bytes) {
      sentTo_[to].push_back(toVector(bytes));
      lastFrom_[from] = toVector(bytes);
    };
  }
  void exchange() {
    left_.signalTo(right_);
    right_.signalTo(left_);
  }
  void connectBoth() {
    exchange();
    ASSERT_TRUE(net_.runUntil([this] { return left_.isSelected() && right_.isSelected(); }, 5s));
    net_.runFor(1s);
  }
  MessageBuilder message(Class kind) {
    return {net_.pool.take(), kind, Method::binding, stun::newTransactionId(net_.secrets)};
  }
  std::string nameForLeft() const { return left_.credentials.ufrag + ":xxxx"; }
  // What the left peer answers to this packet from a stranger, as an error code; 0: silence.
  int errorFor(const Packet& request) {
    sentTo_[kStranger].clear();
    net_.inject(kStranger, kLeft, request.bytes());
    if (sentTo_[kStranger].empty()) return 0;
    const auto& answer = sentTo_[kStranger].back();
    EXPECT_LE(answer.size(), request.size());
    const auto view = MessageView::parse(answer);
    return view->messageClass() == Class::error ? view->findError()->code : 200;
  }
  // A check that knows the password, from a place of its own.
  void checkFrom(std::uint16_t port) {
    Step step = net_.step();
    RequestBody body;
    body.id = stun::newTransactionId(net_.secrets);
    body.role = Role::controlled;
    body.priority = port;
    const Packet request = writeRequest(step, body, right_.credentials, left_.credentials);
    net_.inject({kStranger.ip, port}, kLeft, request.bytes());
  }
  void expectUntouched() {
    EXPECT_FALSE(left_.agent.isKnown({left_.sockets.begin()->first, kStranger}));
    EXPECT_TRUE(left_.reflexive.empty());
    EXPECT_TRUE(left_.agent.pairs(kTransport).empty());
  }

  Net net_{3};
  Peer left_{net_, Role::controlling};
  Peer right_{net_, Role::controlled};
  std::map<Address, std::vector<ByteVector>> sentTo_;
  std::map<Address, ByteVector> lastFrom_;
};

TEST_F(Hostile, RequestsThatProveNothingGetTheErrorOfTheRfcAndLeaveNothingBehind) {  // T-2, T-6
  const Bytes password = bytesOf(left_.credentials.password);
  EXPECT_EQ(errorFor(message(Class::request).addText(Attribute::software, "somebody").finish()),
            400);
  EXPECT_EQ(errorFor(message(Class::request).addText(Attribute::username, nameForLeft()).finish()),
            400);
  EXPECT_EQ(errorFor(message(Class::request).finish(Integrity::sha1, password)), 400);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, "nocolon")
                         .finish(Integrity::sha1, password)),
            400);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, "other:xxxx")
                         .finish(Integrity::sha1, password)),
            401);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, nameForLeft())
                         .finish(Integrity::sha1, bytesOf("wrong"))),
            401);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, nameForLeft())
                         .finish(Integrity::sha256, bytesOf("wrong"))),
            401);
  expectUntouched();
  EXPECT_EQ(left_.agent.stats().unauthenticated, 7u);
}

TEST_F(Hostile, ABareRequestIsSmallerThanAnyAnswerAndGetsNone) {  // T-5
  EXPECT_EQ(errorFor(message(Class::request).finish()), 0);
  EXPECT_EQ(left_.agent.stats().errorsUnsent, 1u);
}

TEST_F(Hostile, WithoutFingerprintOrWithAWrongOneThereIsSilence) {  // T-2
  const Bytes password = bytesOf(left_.credentials.password);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, nameForLeft())
                         .finish(Integrity::sha1, password, false)),
            0);
  Packet bent = message(Class::request)
                    .addText(Attribute::username, nameForLeft())
                    .finish(Integrity::sha1, password);
  bent.mutableBytes().back() ^= 1;
  EXPECT_EQ(errorFor(bent), 0);
  EXPECT_EQ(left_.agent.stats().badFingerprint, 2u);
}

TEST_F(Hostile, ErrorAnswersAreLimitedPerSecond) {  // T-5
  for (int i = 0; i < 1'000; ++i) {
    const Packet request = message(Class::request)
                               .addText(Attribute::username, "other:xxxx")
                               .finish(Integrity::sha1, bytesOf("x"));
    net_.inject(kStranger, kLeft, request.bytes());
  }
  EXPECT_EQ(sentTo_[kStranger].size(), 10u);
  net_.runFor(1s);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, "other:xxxx")
                         .finish(Integrity::sha1, bytesOf("x"))),
            401);
}

TEST_F(Hostile, UnknownRequiredAttributesAreNamedOnlyToThoseWhoKnowThePassword) {
  const Bytes password = bytesOf(left_.credentials.password);
  const auto strange = [&](Bytes key) {
    return message(Class::request)
        .addText(Attribute::username, nameForLeft())
        .add(static_cast<Attribute>(0x7abc))
        .finish(Integrity::sha1, key);
  };
  EXPECT_EQ(errorFor(strange(bytesOf("wrong"))), 401);
  EXPECT_EQ(errorFor(strange(password)), 420);
  const auto view = MessageView::parse(sentTo_[kStranger].back());
  EXPECT_TRUE(view->checkIntegrity(password));
  EXPECT_EQ(view->find(Attribute::unknownAttributes)->size(), 2u);
  expectUntouched();
}

TEST_F(Hostile, Sha256IntegrityIsAnsweredInKind) {
  const Bytes password = bytesOf(left_.credentials.password);
  EXPECT_EQ(errorFor(message(Class::request)
                         .addText(Attribute::username, nameForLeft())
                         .addU32(Attribute::priority, 5)
                         .finish(Integrity::sha256, password)),
            200);
  const auto view = MessageView::parse(sentTo_[kStranger].back());
  EXPECT_TRUE(view->checkIntegritySha256(password));
}

TEST_F(Hostile, UseCandidateBehindTheIntegrityNominatesNothing) {  // T-2
  right_.signalTo(left_);
  left_.signalTo(right_);
  const Bytes password = bytesOf(right_.credentials.password);
  Packet request =
      message(Class::request)
          .addText(Attribute::username, right_.credentials.ufrag + ":" + left_.credentials.ufrag)
          .addU32(Attribute::priority, 5)
          .finish(Integrity::sha1, password, false);
  // Somebody on the way appends USE-CANDIDATE and a FINGERPRINT of his own.
  const ByteVector inner = toVector(request.bytes());
  ByteVector bytes = inner;
  bytes.insert(bytes.end(), {0x00, 0x25, 0x00, 0x00});
  bytes[3] = static_cast<std::uint8_t>(bytes.size() + 8 - 20);
  const std::uint32_t crc = stun::crc32(bytes) ^ stun::kFingerprintXor;
  bytes.insert(bytes.end(), {0x80, 0x28, 0x00, 0x04, static_cast<std::uint8_t>(crc >> 24),
                             static_cast<std::uint8_t>(crc >> 16),
                             static_cast<std::uint8_t>(crc >> 8), static_cast<std::uint8_t>(crc)});
  net_.inject(kLeft, kRight, bytes);
  EXPECT_EQ(right_.agent.stats().badFingerprint, 0u);
  EXPECT_EQ(right_.agent.pairs(kTransport)[0].counters.requestsReceived, 1u);
  net_.passes = [](const Address& from, const Address&) { return from == kRight; };
  net_.runFor(500ms);
  EXPECT_FALSE(right_.isSelected());
}

TEST_F(Hostile, AnswersCountOnlyFromTheAddressThatWasAsked) {  // T-3
  net_.passes = [](const Address&, const Address&) { return false; };
  exchange();
  const auto request = MessageView::parse(lastFrom_[kLeft]);
  const Packet answer =
      MessageBuilder(net_.pool.take(), Class::success, Method::binding, request->transaction())
          .addXorAddress(Attribute::xorMappedAddress, kLeft)
          .finish(Integrity::sha1, bytesOf(right_.credentials.password));
  net_.inject(kStranger, kLeft, answer.bytes());
  EXPECT_EQ(left_.agent.stats().wrongSource, 1u);
  EXPECT_TRUE(left_.validated.empty());
  net_.inject(kRight, kLeft, answer.bytes());  // and the right one still counts
  EXPECT_EQ(left_.validated.size(), 1u);
}

TEST_F(Hostile, AnswersWithoutTheRightIntegrityAreAsIfTheyNeverCame) {
  net_.passes = [](const Address&, const Address&) { return false; };
  exchange();
  const stun::TransactionId id = MessageView::parse(lastFrom_[kLeft])->transaction();
  const auto forge = [&](Class kind, Integrity integrity, std::string_view key) {
    MessageBuilder builder(net_.pool.take(), kind, Method::binding, id);
    if (kind == Class::success) builder.addXorAddress(Attribute::xorMappedAddress, kLeft);
    if (kind == Class::error) builder.addError(stun::ErrorCode::roleConflict);
    net_.inject(kRight, kLeft, builder.finish(integrity, bytesOf(key)).bytes());
  };
  forge(Class::success, Integrity::none, "");
  forge(Class::success, Integrity::sha1, "wrong");
  forge(Class::error, Integrity::none, "");
  forge(Class::error, Integrity::sha256, "wrong");
  EXPECT_EQ(left_.agent.stats().unauthenticated, 4u);
  EXPECT_TRUE(left_.validated.empty());
  EXPECT_TRUE(left_.roles.empty());
  EXPECT_EQ(left_.agent.pairs(kTransport)[0].state, PairState::inProgress);
  net_.passes = nullptr;
  EXPECT_TRUE(net_.runUntil([this] { return left_.isSelected(); }, 2s));
}

TEST_F(Hostile, AnAnswerThatNobodyAskedForIsOfferedOn) {
  Step step = net_.step();
  const Packet stray = message(Class::success).finish();
  const auto view = MessageView::parse(stray.bytes());
  EXPECT_FALSE(left_.agent.receive(step, {left_.sockets.begin()->first, kRight}, *view));
  EXPECT_EQ(left_.agent.stats().strayResponses, 1u);
}

TEST_F(Hostile, ForbiddenRevokesConsentOnlyWhenItIsAuthentic) {
  connectBoth();
  const auto forbid = [&](std::string_view key) {
    bool done = false;
    net_.tap = [&, key](const Address& from, const Address& to, Bytes bytes) {
      const auto view = MessageView::parse(bytes);
      if (done || from != kLeft || view->messageClass() != Class::request) return;
      done = true;
      const Packet answer =
          MessageBuilder(net_.pool.take(), Class::error, Method::binding, view->transaction())
              .addError(stun::ErrorCode::forbidden)
              .finish(Integrity::sha1, bytesOf(key));
      net_.send(to, from, answer.bytes());
    };
    net_.runFor(7s);
    EXPECT_TRUE(done);
  };
  forbid("wrong");
  EXPECT_EQ(left_.state(), State::completed);
  forbid(right_.credentials.password);
  EXPECT_EQ(left_.state(), State::failed);
  EXPECT_FALSE(left_.sendData());
}

TEST_F(Hostile, DataFromAThousandStrangersIsNotBelieved) {  // I-1
  connectBoth();
  const ByteVector junk(100, 0x80);
  for (std::uint16_t port = 1; port <= 1'000; ++port) {
    net_.inject({kStranger.ip, port}, kLeft, junk);
  }
  EXPECT_EQ(left_.dataReceived, 0u);
  EXPECT_EQ(left_.dataRefused, 1'000u);
}

TEST_F(Hostile, IndicationsAndOtherMethodsChangeNothing) {
  connectBoth();
  net_.inject(kStranger, kLeft, message(Class::indication).finish().bytes());
  EXPECT_EQ(left_.agent.stats().indications, 1u);
  const Packet allocate = MessageBuilder(net_.pool.take(), Class::request, Method::allocate,
                                         stun::newTransactionId(net_.secrets))
                              .finish();
  net_.inject(kStranger, kLeft, allocate.bytes());
  EXPECT_TRUE(sentTo_[kStranger].empty());
}

// RFC 8445 19.5.1: a peer that claims to be somebody else must not aim us at him.
TEST_F(Hostile, AVictimNamedByThePeerGetsAFewChecksAndNoData) {  // I-2
  connectBoth();
  RequestBody body;
  body.useCandidate = true;
  body.priority = 0x7fffffff;
  for (int i = 0; i < 100; ++i) {
    Step step = net_.step();
    body.id = stun::newTransactionId(net_.secrets);
    const Packet request = writeRequest(step, body, left_.credentials, right_.credentials);
    net_.inject(kStranger, kRight, request.bytes());
    right_.sendData();
    net_.runFor(100ms);
  }
  EXPECT_EQ(right_.selectedRemote(), kLeft);
  std::size_t checks = 0;
  for (const ByteVector& bytes : sentTo_[kStranger]) {
    const auto view = MessageView::parse(bytes);
    ASSERT_TRUE(view);
    if (view->messageClass() == Class::request) ++checks;
  }
  EXPECT_GT(checks, 0u);
  EXPECT_LE(checks, 25u);
}

TEST_F(Hostile, AFloodOfPeerReflexiveAddressesIsBoundedAndHarmless) {  // I-6
  exchange();
  for (std::uint16_t port = 1; port <= 10'000; ++port) checkFrom(port);
  EXPECT_LE(left_.agent.remotes(kTransport).size(), 1u + limits::ice::kPeerReflexive);
  EXPECT_LE(left_.agent.pairs(kTransport).size(), limits::ice::kPairs);
  EXPECT_GE(left_.agent.stats().peerReflexiveRefused, 9'900u);
  EXPECT_TRUE(net_.runUntil([this] { return left_.isSelected(); }, 5s));
  EXPECT_EQ(left_.selectedRemote(), kRight);
}

TEST_F(Hostile, APeerThatShowsEverNewAddressesAndAnswersNothingIsGivenUp) {
  net_.passes = [](const Address&, const Address&) { return false; };
  exchange();
  const Instant start = net_.now;
  for (std::uint16_t port = 1; left_.state() != State::failed && net_.now < start + 200s; ++port) {
    checkFrom(port);
    net_.runFor(500ms);
  }
  EXPECT_EQ(left_.state(), State::failed);
  EXPECT_LT(net_.now, start + 2 * limits::ice::kPatience);
}

TEST_F(Hostile, TenThousandCandidatesKeepTheBestAndStillConnect) {  // I-6
  Step step = net_.step();
  for (int i = 0; i < 8; ++i) {
    left_.open({at("10.9.0.1:0").ip, static_cast<std::uint16_t>(5'000 + i)}, 2);
  }
  left_.agent.setRemoteCredentials(step, kTransport, right_.credentials);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Candidate candidate;
    candidate.foundation = std::to_string(i);
    candidate.priority = 1 + i % 5'000;
    candidate.address = {at("203.0.113.5:0").ip, static_cast<std::uint16_t>(1 + i)};
    (void)left_.agent.addRemote(step, kTransport, candidate);
    ASSERT_LE(left_.agent.pairs(kTransport).size(), limits::ice::kPairs);
  }
  EXPECT_EQ(left_.agent.remotes(kTransport).size(), limits::ice::kRemoteCandidates);
  right_.signalCandidatesTo(left_);
  left_.signalTo(right_);
  EXPECT_TRUE(net_.runUntil([this] { return left_.isSelected() && right_.isSelected(); }, 5s));
  EXPECT_EQ(left_.selectedRemote(), kRight);
}

TEST_F(Hostile, LocalCandidatesAreBounded) {  // I-6
  Step step = net_.step();
  std::size_t taken = 0;
  for (std::uint16_t port = 1; port <= 200; ++port) {
    Candidate candidate;
    candidate.address = {at("10.0.0.1:0").ip, port};
    taken += left_.agent.addLocal(step, kTransport, candidate).has_value() ? 1u : 0u;
  }
  EXPECT_EQ(taken + 1, limits::ice::kLocalCandidates);
}

// Every message of a live session, damaged and thrown at both ends between the true ones.
TEST_F(Hostile, DamagedCopiesOfEveryMessageDisturbNothing) {
  std::vector<std::tuple<Address, Address, ByteVector>> seen;
  net_.tap = [&](const Address& from, const Address& to, Bytes bytes) {
    if (seen.size() < 200) seen.emplace_back(from, to, toVector(bytes));
  };
  connectBoth();
  Random random(99);
  for (int round = 0; round < 20'000; ++round) {
    const auto& original = seen[random.below(seen.size())];
    auto [from, to, bytes] = original;
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.below(8) == 0) bytes.resize(random.below(bytes.size()));
    if (random.below(4) == 0) from = kStranger;
    if (bytes == std::get<ByteVector>(original)) bytes[0] ^= 1;  // never a true replay
    net_.inject(from, to, ByteVector(bytes));
    if (round % 100 == 0) net_.runFor(100ms);
  }
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.state(), State::completed);
  EXPECT_EQ(left_.selections.size() + right_.selections.size(), 2u);
  EXPECT_TRUE(left_.reflexive.empty());
  EXPECT_TRUE(left_.roles.empty());
}

// Replays of authentic messages, from anywhere, at any time.
TEST_F(Hostile, ReplaysNeitherMoveThePathNorFlipTheRole) {
  std::vector<std::pair<Address, ByteVector>> seen;
  net_.tap = [&](const Address&, const Address& to, Bytes bytes) {
    if (seen.size() < 100) seen.emplace_back(to, toVector(bytes));
  };
  connectBoth();
  for (int round = 0; round < 500; ++round) {
    for (const auto& [to, bytes] : std::vector(seen)) net_.inject(kStranger, to, bytes);
    net_.runFor(20ms);
  }
  EXPECT_EQ(left_.selectedRemote(), kRight);
  EXPECT_EQ(right_.selectedRemote(), kLeft);
  EXPECT_EQ(left_.agent.role(), Role::controlling);
  EXPECT_EQ(left_.state(), State::completed);
}

// Everything an owner can do, in random order, over a lossy net: no stale id may matter.
TEST(RandomWalk, OverEveryCommandKeepsTheAgentConsistent) {  // I-7
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Net net(seed);
    net.loss = 0.2;
    Peer left(net, Role::controlling), right(net, seed % 2 ? Role::controlled : Role::controlling);
    std::vector<CandidateId> opened;
    std::uint16_t port = 1;
    for (int round = 0; round < 60; ++round) {
      Peer& peer = net.random.below(2) ? left : right;
      Peer& other = &peer == &left ? right : left;
      const char* host = &peer == &left ? "192.0.2.1:1" : "192.0.2.2:1";
      Step step = net.step();
      switch (net.random.below(8)) {
        case 0:
        case 1:
          opened.push_back(peer.open({at(host).ip, ++port}));
          break;
        case 2:
          peer.signalTo(other, false);
          break;
        case 3:
          peer.signalCandidatesTo(other);
          break;
        case 4:
          if (opened.empty()) break;
          peer.agent.removeLocal(step, opened[net.random.below(opened.size())]);
          break;
        case 5:
          if (net.random.below(3) == 0) {
            left.restart();
            right.restart();
          }
          break;
        case 6:
          peer.sendData();
          break;
        case 7:
          net.runFor(std::chrono::milliseconds(net.random.below(8'000)));
          break;
      }
      peer.flush();
      net.runFor(std::chrono::milliseconds(net.random.below(200)));
      (void)peer.agent.pairs(kTransport);
    }
    // And however it went, one more restart puts it right.
    net.loss = 0;
    left.restart();
    right.restart();
    left.open(kLeft);
    right.open(kRight);
    left.signalTo(right);
    right.signalTo(left);
    EXPECT_TRUE(net.runUntil([&] { return left.selectedRemote() == kRight; }, 10s)) << seed;
  }
}

}  // namespace
}  // namespace parley::ice
