#include "fuzz/sctp_world.h"
#include "sctp/packet/data_chunk.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"

// An association in one of twelve states of its life meets chunks made of the input, with the right
// tag and checksum, calls of its user, and time. Its books stay right and its memory bounded.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace sctp;

class Game {
 public:
  explicit Game(Bytes input) : in_(input), victim_(smallConfig()), peer_(smallConfig()) {}

  void play() {
    enterState(in_.below(12));
    sentBefore_ = victim_.sent;
    settle();
    for (int ops = 0; !in_.empty() && ops < 200; ++ops) {
      oneOp();
      settle();
      victim_.check();
    }
    Step step = world_.step();
    victim_.association.flush(step);
    settle();
    victim_.association.abort(step);
    FUZZ_REQUIRE(victim_.association.deadline() == never());
    const std::size_t sent = victim_.sent;
    victim_.association.flush(step);
    FUZZ_REQUIRE(victim_.sent == sent && !victim_.association.nextEvent());
  }

 private:
  void carry(SctpEnd& from, SctpEnd& to, int most = 1'000) {
    for (; most > 0 && !from.out.empty(); --most) {
      Step step = world_.step();
      const ByteVector packet = std::move(from.out.front());
      from.out.pop_front();
      to.association.receive(step, packet);
    }
  }
  void flush(SctpEnd& end) {
    Step step = world_.step();
    end.association.flush(step);
  }
  void exchange(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      flush(victim_);
      carry(victim_, peer_);
      flush(peer_);
      carry(peer_, victim_);
      world_.now += 10ms;
    }
  }
  void send(SctpEnd& end, std::size_t size, std::uint16_t stream) {
    Step step = world_.step();
    (void)end.association.send(step, {{stream}, {51}, ByteVector(size, 7)});
  }

  void enterState(std::size_t which) {
    Step step = world_.step();
    if (which == 0) return;  // closed
    victim_.association.connect(step);
    flush(victim_);
    if (which == 1) return;  // COOKIE-WAIT
    carry(victim_, peer_);
    flush(peer_);
    carry(peer_, victim_);
    flush(victim_);
    if (which == 2) return;  // COOKIE-ECHOED
    exchange(2);
    if (which == 3) return;                                                 // established and idle
    if (which >= 4 && which <= 6) send(victim_, 9'000, 1), flush(victim_);  // data in flight
    if (which == 5) victim_.association.shutdown(step), flush(victim_);     // SHUTDOWN-PENDING
    if (which == 6) {  // a stream is being reset
      const StreamId streams[] = {{1}, {2}};
      victim_.association.resetStreams(step, streams);
      exchange(1);
    }
    if (which == 7) victim_.association.shutdown(step), flush(victim_);  // SHUTDOWN-SENT
    if (which == 8) {                                                    // SHUTDOWN-RECEIVED
      send(victim_, 5'000, 1), flush(victim_), victim_.out.clear();
      peer_.association.shutdown(step), flush(peer_);
      carry(peer_, victim_);
    }
    if (which == 9) {  // SHUTDOWN-ACK-SENT
      peer_.association.shutdown(step), flush(peer_);
      carry(peer_, victim_), flush(victim_);
    }
    if (which == 10) {  // gaps in what has arrived
      send(peer_, 12'000, 3), flush(peer_);
      for (std::size_t i = 0; i < peer_.out.size(); i += 2) peer_.out[i].clear();
      carry(peer_, victim_);
    }
    if (which == 11) {  // a closed window: nothing is read
      reads_ = false;
      for (int i = 0; i < 4; ++i) send(peer_, 10'000, 4), exchange(3);
    }
  }

  void settle() {
    Step step = world_.step();
    if (flushes_) victim_.association.flush(step);
    FUZZ_REQUIRE(victim_.sent - sentBefore_ <= 400);
    sentBefore_ = victim_.sent;
    while (auto event = victim_.association.nextEvent()) {
      if (const auto* received = std::get_if<Received>(&*event)) {
        FUZZ_REQUIRE(received->message.payload.size() <= (16u << 10));
        if (reads_) victim_.association.consumed(step, received->message.payload.size());
      }
    }
    while (victim_.out.size() > 64) victim_.out.pop_front();
    while (peer_.out.size() > 64) peer_.out.pop_front();
  }

  Tsn near(Tsn base) {
    const std::uint8_t choice = in_.u8();
    if (choice == 255) return {in_.u32()};
    return {base.value + choice - 16};
  }

  ByteVector init(ChunkType type) {
    InitChunk chunk;
    chunk.tag = {in_.flag() ? peer_.tag.value : in_.u32()};
    chunk.receiverWindow = in_.u32();
    chunk.streamsOut = in_.u16();
    chunk.streamsIn = in_.u16();
    chunk.initialTsn = near(peer_.initialTsn);
    chunk.extensions = {in_.flag(), in_.flag()};
    if (in_.flag()) chunk.cookie = toVector(in_.bytes(in_.u8()));
    return chunk.toChunk(type);
  }
  ByteVector data() {
    DataChunk chunk;
    chunk.tsn = near(peer_.initialTsn);
    chunk.stream = {static_cast<std::uint16_t>(in_.u8() % 18)};
    chunk.ssn = {static_cast<std::uint16_t>(in_.u8() % 8)};
    chunk.flags = in_.u8();
    chunk.protocol = {51};
    const ByteVector payload(in_.u8() * std::size_t{4}, 3);
    chunk.payload = payload;
    ByteVector bytes(padded(DataChunk::kHeader + payload.size()));
    chunk.write(bytes);
    return bytes;
  }
  ByteVector sack() {
    SackChunk chunk;
    chunk.cumulativeTsn = near(victim_.initialTsn - 1);
    chunk.receiverWindow = in_.flag() ? in_.u32() : 100'000;
    for (std::size_t count = in_.below(5); count > 0; --count) {
      chunk.gaps.push_back({in_.u8(), in_.u8()});
    }
    ByteVector bytes(chunk.size());
    chunk.write(bytes);
    return bytes;
  }
  ByteVector forwardTsn() {
    ForwardTsnChunk chunk;
    chunk.newCumulativeTsn = near(peer_.initialTsn);
    for (std::size_t count = in_.below(4); count > 0; --count) {
      chunk.skipped.push_back({{static_cast<std::uint16_t>(in_.u8() % 18)}, {in_.u8()}});
    }
    return chunk.toChunk();
  }
  ByteVector reset() {
    ReConfigChunk chunk;
    const std::uint32_t sequence = near(in_.flag() ? peer_.initialTsn : victim_.initialTsn).value;
    std::vector<StreamId> streams;
    for (std::size_t count = in_.below(4); count > 0; --count) streams.push_back({in_.u8()});
    switch (in_.below(3)) {
      case 0:
        chunk.parameters.push_back(OutgoingResetRequest{sequence, near(victim_.initialTsn).value,
                                                        near(peer_.initialTsn), streams});
        break;
      case 1:
        chunk.parameters.push_back(IncomingResetRequest{sequence, streams});
        break;
      default:
        chunk.parameters.push_back(ResetResponse{sequence, ResetResult{in_.u8() % 8u}});
    }
    return chunk.toChunk();
  }
  ByteVector anyChunk() {
    switch (in_.below(8)) {
      case 0:
      case 1:
        return data();
      case 2:
        return sack();
      case 3:
        return forwardTsn();
      case 4:
        return reset();
      case 5:
        return init(in_.flag() ? ChunkType::init : ChunkType::initAck);
      default: {
        const auto type = ChunkType{in_.u8()};
        const std::uint8_t flags = in_.u8();
        return makeChunk(type, flags, in_.bytes(in_.u8() % 40));
      }
    }
  }
  void inject() {
    const std::uint8_t how = in_.u8();
    const Tag tag = how == 255 ? Tag{} : how == 254 ? peer_.tag : victim_.tag;
    ByteVector packet(kCommonHeader);
    WireWriter(packet).u16(5'000).u16(5'000).u32(tag.value).u32(0);
    for (std::size_t count = 1 + how % 3; count > 0; --count) {
      const ByteVector chunk = anyChunk();
      packet.insert(packet.end(), chunk.begin(), chunk.end());
    }
    writeChecksum(packet);
    Step step = world_.step();
    victim_.association.receive(step, packet);
  }
  void callUser() {
    Step step = world_.step();
    switch (in_.below(10)) {
      case 0:
        return victim_.association.shutdown(step);
      case 1:
        return victim_.association.connect(step);
      case 2:
        return victim_.association.setSendMessageMax(in_.u16());
      case 3: {
        const StreamId streams[] = {{in_.u8()}, {static_cast<std::uint16_t>(in_.u8() % 16)}};
        return victim_.association.resetStreams(step, streams);
      }
      case 4:
        reads_ = !reads_;
        return;
      default: {
        SendOptions options;
        const std::uint8_t how = in_.u8();
        options.ordered = (how & 1) != 0;
        if (how & 2) options.retransmitsMax = how >> 4;
        if (how & 4) options.lifetime = Duration(1'000 * (how >> 3));
        const ByteVector payload(in_.u16() % 20'000, 9);
        const StreamId stream{static_cast<std::uint16_t>(in_.u8() % 18)};
        (void)victim_.association.send(step, {stream, {53}, payload}, options);
      }
    }
  }
  void passTime() {
    world_.now += Duration(1'000 * static_cast<int>(1 + in_.u8()) * (in_.flag() ? 20 : 1));
    Step step = world_.step();
    if (victim_.association.deadline() <= world_.now) {
      victim_.association.onTimer(step);
      victim_.association.flush(step);
      FUZZ_REQUIRE(victim_.association.deadline() > world_.now);
    }
    if (peer_.association.deadline() <= world_.now) peer_.association.onTimer(step), flush(peer_);
  }
  void oneOp() {
    switch (in_.below(8)) {
      case 0:
        return passTime();
      case 1:
        return callUser();
      case 2:
        return carry(victim_, peer_, in_.u8());
      case 3:
        flush(peer_);
        return carry(peer_, victim_, in_.u8());
      case 4:
        flushes_ = in_.u8() % 4 != 0;
        return;
      default:
        return inject();
    }
  }

  Input in_;
  World world_;
  SctpEnd victim_, peer_;
  bool reads_ = true;
  bool flushes_ = true;
  std::size_t sentBefore_ = 0;
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 2u << 20);
  Game(input).play();
  FUZZ_REQUIRE(packets().inUse() == 0);
}

}  // namespace parley::fuzz
