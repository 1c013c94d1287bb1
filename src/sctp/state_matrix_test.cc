#include <array>
#include <sstream>

#include "sctp/packet/error_causes.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/testing.h"

// S-6 and S-7 of docs/known-weaknesses.md: every chunk in every state of the association, with the
// right tag and with wrong ones. The peer is the test.

namespace parley::sctp {
namespace {

using testing::Bench;
using testing::Collected;
using testing::dataChunk;
using testing::packetOf;
using testing::pattern;

constexpr Tag kPeer{77};  // the peer's own tag, which what we send carries
constexpr std::size_t kStates = 9;
constexpr std::string_view kStateLetters = "CWEePSRAX";  // in the order of State

std::string letterOf(ChunkType type) {
  switch (type) {
    case ChunkType::initAck:
      return "i";
    case ChunkType::sack:
      return "s";
    case ChunkType::heartbeatAck:
      return "h";
    case ChunkType::abort:
      return "a";
    case ChunkType::shutdown:
      return "d";
    case ChunkType::shutdownAck:
      return "k";
    case ChunkType::shutdownComplete:
      return "c";
    case ChunkType::error:
      return "r";
    case ChunkType::cookieEcho:
      return "o";
    case ChunkType::cookieAck:
      return "O";
    case ChunkType::reConfig:
      return "z";
    default:
      return "?";
  }
}

// An association that was led into one state by the shortest way there.
class Subject {
 public:
  explicit Subject(State state) : association(Config{}, wire_) {
    lead(state);
    EXPECT_EQ(association.state(), state);
    sentSince();
    while (association.nextEvent()) continue;
  }

  // The chunks of one packet, and then a flush.
  void receive(Tag with, const ByteVector& chunk) {
    Step step = bench_.step();
    association.receive(step, packetOf(with, {chunk}));
    association.flush(step);
  }
  std::vector<ByteVector> sentSince() { return std::exchange(wire_.packets, {}); }
  // A letter for each chunk that was sent, in order.
  std::string answers() {
    std::string letters;
    for (const ByteVector& packet : sentSince()) {
      std::vector<ChunkView> chunks;
      EXPECT_TRUE(parsePacket(packet, chunks));
      for (const ChunkView& chunk : chunks) letters += letterOf(chunk.type);
    }
    return letters;
  }
  ByteVector beforeOurFirst() const {  // a cumulative TSN that acknowledges nothing
    ByteVector body(4);
    WireWriter(body).u32((tsn - 1).value);
    return body;
  }
  bool hasEvents() { return association.nextEvent().has_value(); }

  Tag tag{42};  // ours; what a stranger would guess while we have none
  Tsn tsn;      // of the first DATA we send
  Association association;

 private:
  void lead(State state) {
    if (state == State::closed) return;
    command([](Association& a, Step& step) { a.connect(step); });
    const InitChunk init = initOf(sentSince().at(0));
    tag = init.tag;
    tsn = init.initialTsn;
    if (state == State::cookieWait) return;
    InitChunk ack;
    ack.tag = kPeer;
    ack.receiverWindow = 100'000;
    ack.streamsOut = ack.streamsIn = 10;
    ack.initialTsn = {1};
    ack.extensions = {true, true};
    ack.cookie = ByteVector(20, 5);
    receive(tag, ack.toChunk(ChunkType::initAck));
    if (state == State::cookieEchoed) return;
    receive(tag, makeChunk(ChunkType::cookieAck, 0));
    if (state == State::shutdownPending || state == State::shutdownReceived) {
      command([](Association& a, Step& step) {
        EXPECT_TRUE(a.send(step, {{0}, {51}, pattern(10, 1)}));
      });
    }
    if (state == State::shutdownPending || state == State::shutdownSent || state == State::ended) {
      command([](Association& a, Step& step) { a.shutdown(step); });
    }
    if (state == State::shutdownReceived || state == State::shutdownAckSent) {
      receive(tag, makeChunk(ChunkType::shutdown, 0, beforeOurFirst()));
    }
    if (state == State::ended) receive(tag, makeChunk(ChunkType::shutdownAck, 0));
  }
  void command(const std::function<void(Association&, Step&)>& what) {
    Step step = bench_.step();
    what(association, step);
    association.flush(step);
  }
  static InitChunk initOf(Bytes packet) {
    std::vector<ChunkView> chunks;
    EXPECT_TRUE(parsePacket(packet, chunks));
    return InitChunk::parse(chunks.at(0).body).value();
  }

  Bench bench_;
  Collected wire_;
};

using Make = ByteVector (*)(const Subject&);

template <std::uint8_t type>
ByteVector plain(const Subject&) {
  return makeChunk(ChunkType{type}, 0, ByteVector(12, 9));
}
template <ChunkType type, std::uint8_t flags = 0>
ByteVector bare(const Subject&) {
  return makeChunk(type, flags);
}
ByteVector data(const Subject&) {
  constexpr std::uint8_t kFlags = DataChunk::kBegin | DataChunk::kEnd | DataChunk::kImmediate;
  return dataChunk({1}, {0}, {0}, kFlags, ByteVector(8, 1));
}
template <ChunkType type, std::uint16_t streams = 10>
ByteVector init(const Subject&) {
  InitChunk chunk;
  chunk.tag = {99};
  chunk.receiverWindow = 100'000;
  chunk.streamsOut = chunk.streamsIn = streams;
  chunk.initialTsn = {1'000};
  if (type == ChunkType::initAck) chunk.cookie = ByteVector(20, 6);
  return chunk.toChunk(type);
}
ByteVector sackOf(Tsn cumulative) {
  SackChunk sack;
  sack.cumulativeTsn = cumulative;
  sack.receiverWindow = 100'000;
  ByteVector body(sack.size());
  sack.write(body);
  return body;
}
ByteVector sackOfAll(const Subject& subject) { return sackOf(subject.tsn); }
ByteVector sackOfNothing(const Subject& subject) { return sackOf(subject.tsn - 1); }
ByteVector sackOfMore(const Subject& subject) { return sackOf(subject.tsn + 1); }
ByteVector heartbeat(const Subject&) {
  ByteVector body;
  appendTlv(body, 1, ByteVector(8, 3));
  return makeChunk(ChunkType::heartbeat, 0, body);
}
ByteVector heartbeatAck(const Subject&) {
  ByteVector body;
  appendTlv(body, 1, ByteVector(8, 3));
  return makeChunk(ChunkType::heartbeatAck, 0, body);
}
ByteVector shutdown(const Subject& subject) {
  return makeChunk(ChunkType::shutdown, 0, subject.beforeOurFirst());
}
template <Cause cause>
ByteVector error(const Subject&) {
  return makeError(cause, ByteVector(4));
}
ByteVector reConfig(const Subject&) {
  ReConfigChunk chunk;
  chunk.parameters = {OutgoingResetRequest{1, 0, {0}, {{1}}}};
  return chunk.toChunk();
}
ByteVector forwardTsn(const Subject&) {
  ForwardTsnChunk chunk;
  chunk.newCumulativeTsn = {2};
  return chunk.toChunk();
}

// What a chunk with the right tag may do, state by state: the letter of the state after it when
// that is another, behind a colon the letters of what is answered, and "!" when the user is told of
// something. "=": nothing at all.
struct Row {
  const char* name;
  Make make;
  const char* expected;
};

// clang-format off
const Row kRows[] = {
    //C     W     E     e     P     S     R     A     X
    {"DATA", data,
     ":a    =     e:s!  :s!   :s!   :ds!  =     =     ="},
    {"INIT", init<ChunkType::init>,
     ":i    :i    :i    :i    :i    :i    :i    :k    ="},
    {"INIT without streams", init<ChunkType::init, 0>,
     ":a    :a    :a    :a    :a    :a    :a    :a    ="},
    {"INIT ACK", init<ChunkType::initAck>,
     ":a    E:o   =     =     =     =     =     =     ="},
    {"INIT ACK without streams", init<ChunkType::initAck, 0>,
     ":a    =     =     =     =     =     =     =     ="},
    {"SACK of nothing", sackOfNothing,
     ":a    =     e!    =     =     =     =     =     ="},
    {"SACK of all", sackOfAll,
     ":a    =     e!    =     S:d   =     A:k   =     ="},
    {"SACK of what was not sent", sackOfMore,
     ":a    =     e!    =     =     =     =     =     ="},
    {"HEARTBEAT", heartbeat,
     ":a    =     =     :h    :h    :h    :h    =     ="},
    {"HEARTBEAT ACK", heartbeatAck,
     ":a    =     =     =     =     =     =     =     ="},
    {"ABORT", bare<ChunkType::abort>,
     "=     X!    X!    X!    X!    X!    X!    X!    ="},
    {"SHUTDOWN", shutdown,
     ":a    =     =     A:k   R     A:k   =     =     ="},
    {"SHUTDOWN without TSN", bare<ChunkType::shutdown>,
     ":a    =     =     =     =     =     =     =     ="},
    {"SHUTDOWN ACK", bare<ChunkType::shutdownAck>,
     ":c    :c    :c    =     =     X:c!  =     X:c!  :c"},
    {"ERROR, stale cookie", error<Cause::staleCookie>,
     "=     =     W     =     =     =     =     =     ="},
    {"ERROR, other", error<Cause::invalidStream>,
     "=     =     =     =     =     =     =     =     ="},
    {"COOKIE ECHO, forged", plain<10>,
     "=     =     =     =     =     =     =     =     ="},
    {"COOKIE ACK", bare<ChunkType::cookieAck>,
     "=     =     e!    =     =     =     =     =     ="},
    {"ECNE", plain<12>,
     ":a    =     =     =     =     =     =     =     ="},
    {"CWR", plain<13>,
     ":a    =     =     =     =     =     =     =     ="},
    {"SHUTDOWN COMPLETE", bare<ChunkType::shutdownComplete>,
     "=     =     =     =     =     =     =     X!    ="},
    {"AUTH", plain<15>,
     ":a    =     =     =     =     =     =     =     ="},
    {"I-DATA", plain<64>,
     ":a    =     :r    :r    :r    :r    :r    :r    ="},
    {"ASCONF ACK", plain<128>,
     ":a    =     =     =     =     =     =     =     ="},
    {"RE-CONFIG", reConfig,
     ":a    =     =     :z!   :z!   :z!   :z!   =     ="},
    {"PAD", plain<132>,
     ":a    =     =     =     =     =     =     =     ="},
    {"FORWARD TSN", forwardTsn,
     ":a    =     =     :s    :s    :s    :s    =     ="},
    {"ASCONF", plain<193>,
     ":a    =     :r    :r    :r    :r    :r    :r    ="},
    {"I-FORWARD-TSN", plain<194>,
     ":a    =     :r    :r    :r    :r    :r    :r    ="},
    {"63", plain<63>,
     ":a    =     =     =     =     =     =     =     ="},
    {"127", plain<127>,
     ":a    =     :r    :r    :r    :r    :r    :r    ="},
    {"191", plain<191>,
     ":a    =     =     =     =     =     =     =     ="},
    {"255", plain<255>,
     ":a    =     :r    :r    :r    :r    :r    :r    ="},
};

// clang-format on

std::string expectedIn(const Row& row, State state) {
  std::istringstream columns(row.expected);
  std::string expected;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(state); ++i) columns >> expected;
  return expected;
}

std::string reaction(Subject& subject, State before) {
  const State after = subject.association.state();
  std::string seen =
      after == before ? "" : std::string(1, kStateLetters[static_cast<std::size_t>(after)]);
  const std::string answers = subject.answers();
  if (!answers.empty()) seen += ":" + answers;
  if (subject.hasEvents()) seen += "!";
  return seen.empty() ? "=" : seen;
}

void forEachCase(const std::function<void(const Row& row, State state)>& check) {
  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < kStates; ++i) {
      SCOPED_TRACE(std::string(row.name) + " in state " + kStateLetters[i]);
      check(row, State{static_cast<std::uint8_t>(i)});
    }
  }
}

bool isOf(const ByteVector& chunk, ChunkType type) { return ChunkType{chunk[0]} == type; }

TEST(StateMatrix, S6EveryChunkDoesInEveryStateWhatTheTableSays) {
  forEachCase([](const Row& row, State state) {
    Subject subject(state);
    const ByteVector chunk = row.make(subject);
    subject.receive(isOf(chunk, ChunkType::init) ? Tag{0} : subject.tag, chunk);
    EXPECT_EQ(reaction(subject, state), expectedIn(row, state));
    EXPECT_EQ(subject.association.inconsistency(), nullptr);
  });
}

// RFC 9260 8.4 and 8.5.1: with another tag it is a stranger's. Only who has no association answers
// strangers, and a SHUTDOWN ACK is answered where no SHUTDOWN of ours can be under way.
TEST(StateMatrix, S7NoChunkWithAnotherTagDoesAnything) {
  forEachCase([](const Row& row, State state) {
    for (const std::uint32_t kind : {0u, 1u, 2u}) {
      Subject subject(state);
      const ByteVector chunk = row.make(subject);
      if (kind == 0 && isOf(chunk, ChunkType::init)) continue;  // zero is the right one
      subject.receive(std::array{Tag{0}, kPeer, Tag{subject.tag.value + 1}}[kind], chunk);
      std::string expected = state == State::closed ? expectedIn(row, state) : "=";
      if (isOf(chunk, ChunkType::init)) expected = "=";
      if (isOf(chunk, ChunkType::shutdownAck) &&
          (state == State::cookieWait || state == State::cookieEchoed || state == State::ended))
        expected = ":c";
      EXPECT_EQ(reaction(subject, state), expected) << "kind of tag " << kind;
      EXPECT_EQ(subject.association.inconsistency(), nullptr);
    }
  });
}

// RFC 9260 8.5.1 B and C: with the T bit the peer's own tag is the right one, and no other.
TEST(StateMatrix, S7TheTBitAsksForThePeersTag) {
  for (std::size_t i = 0; i < kStates; ++i) {
    const State state{static_cast<std::uint8_t>(i)};
    const bool isKnown = i >= 2 && state != State::ended;
    SCOPED_TRACE(kStateLetters[i]);
    for (const ChunkType type : {ChunkType::abort, ChunkType::shutdownComplete}) {
      const bool ends = isKnown && (type == ChunkType::abort || state == State::shutdownAckSent);
      for (const bool isPeers : {true, false}) {
        Subject subject(state);
        subject.receive(isPeers ? kPeer : subject.tag, makeChunk(type, kTagReflected));
        EXPECT_EQ(reaction(subject, state), ends && isPeers ? "X!" : "=");
      }
    }
  }
}

// RFC 9260 5.2.4: a peer that began anew gets a cookie in every state but the last two, and with
// it an association without anything of the one before.
TEST(StateMatrix, S18APeerThatBeginsAnewIsOneAssociationInEveryState) {
  for (std::size_t i = 0; i < kStates; ++i) {
    const State state{static_cast<std::uint8_t>(i)};
    SCOPED_TRACE(kStateLetters[i]);
    Subject subject(state);
    subject.receive({0}, init<ChunkType::init>(subject));
    const std::vector<ByteVector> answers = subject.sentSince();
    if (state == State::ended) {
      EXPECT_TRUE(answers.empty());
      continue;
    }
    std::vector<ChunkView> chunks;
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_TRUE(parsePacket(answers[0], chunks));
    if (state == State::shutdownAckSent) {
      EXPECT_EQ(chunks[0].type, ChunkType::shutdownAck);
      continue;
    }
    const InitChunk ack = InitChunk::parse(chunks[0].body).value();
    subject.receive(ack.tag, makeChunk(ChunkType::cookieEcho, 0, ack.cookie));
    EXPECT_EQ(subject.association.state(), State::established);
    EXPECT_EQ(subject.answers(), "O");
    EXPECT_TRUE(subject.hasEvents());
    EXPECT_EQ(subject.association.bytesQueued(), 0u);
    EXPECT_EQ(subject.association.stats().unacknowledgedChunks, 0u);
    EXPECT_EQ(subject.association.inconsistency(), nullptr);
  }
}

}  // namespace
}  // namespace parley::sctp
