#include "crypto/identity.h"
#include "fuzz/common.h"
#include "tls/session.h"

// The record classifier takes a datagram apart without overlap or loss, what is held before the
// handshake stays within its bounds, and a session that has not been started says nothing.
// max_len: 96

namespace parley::fuzz {
namespace {

struct Silent final : dtls::Session::Lower {
  void sendDatagram(Step&, Packet) override {
    refuse("no answer before start()", __FILE__, __LINE__);
  }
};

const dtls::Context::Shared& context() {
  static const dtls::Context::Shared made = [] {
    SeededSecrets secrets(3);
    return dtls::Context::make(crypto::Identity::generate(secrets, World::kWall).value());
  }();
  return made;
}

void takeApart(ByteVector datagram) {
  const Bytes whole = datagram;
  MutableBytes rest = datagram;
  std::size_t taken = 0;
  while (const auto record = dtls::takeRecord(rest)) {
    FUZZ_REQUIRE(record->whole.data() == whole.data() + taken);
    FUZZ_REQUIRE(record->whole.size() == dtls::kRecordHeader + record->header.length);
    FUZZ_REQUIRE(record->body.data() == record->whole.data() + dtls::kRecordHeader);
    FUZZ_REQUIRE(record->body.size() == record->header.length);
    std::uint8_t again[dtls::kRecordHeader];
    record->header.write(again);
    FUZZ_REQUIRE(equal(again, record->whole.first(dtls::kRecordHeader)));
    taken += record->whole.size();
  }
  FUZZ_REQUIRE(rest.size() + taken == whole.size());
}

}  // namespace

void oneInput(Bytes input) {
  context();
  packets();
  World world;
  Silent lower;
  Step step = world.step();
  Input in(input);
  const Frugal frugal(input.size());
  dtls::HeldDatagrams held;
  std::vector<ByteVector> model;
  std::size_t modelBytes = 0;
  dtls::Session session(context(), lower);
  while (!in.empty()) {
    const std::size_t repeat = 1 + in.below(4) * 500;  // some datagrams are large
    const Bytes part = in.bytes(in.u8());
    ByteVector datagram = toVector(part);
    datagram.resize(part.size() * (repeat > 1 && part.size() > 0 ? 1 + repeat / part.size() : 1));
    if (const bool fits = model.size() < limits::dtls::kHeldDatagrams &&
                          modelBytes + datagram.size() <= limits::dtls::kHeldBytes;
        held.hold(datagram)) {
      FUZZ_REQUIRE(fits);
      model.push_back(datagram);
      modelBytes += datagram.size();
    } else {
      FUZZ_REQUIRE(!fits);
    }
    FUZZ_REQUIRE(held.count() == model.size() && held.bytes() == modelBytes);
    takeApart(datagram);
    session.receive(step, Packet::lend(datagram));
    FUZZ_REQUIRE(!session.read() && !session.nextEvent() && !session.isConnected());
    FUZZ_REQUIRE(session.deadline() == never());
  }
  FUZZ_REQUIRE(held.take() == model && held.bytes() == 0);
}

}  // namespace parley::fuzz
