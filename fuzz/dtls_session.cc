#include <deque>

#include "crypto/identity.h"
#include "fuzz/common.h"
#include "tls/session.h"

// Two sessions whose datagrams the input loses, doubles, reorders, cuts and changes, among others
// of its own. Nothing is handed out before the certificate was compared, nothing that was not
// sent, and memory stays bounded.
// max_len: 192

namespace parley::fuzz {
namespace {

using namespace dtls;

const Context::Shared& context(std::size_t which) {
  static const auto make = [](std::uint64_t seed) {
    SeededSecrets secrets(seed);
    return Context::make(crypto::Identity::generate(secrets, World::kWall).value());
  };
  static const Context::Shared all[] = {make(3), make(4), make(5)};
  return all[which];
}

struct End final : Session::Lower {
  explicit End(std::size_t which) : session(context(which), *this) {}
  void sendDatagram(Step&, Packet packet) override {
    FUZZ_REQUIRE(packet.size() <= PacketPool::kBody + PacketPool::kHeadroom);
    out.push_back(toVector(packet.bytes()));
    if (out.size() > 64) out.pop_front();
  }
  Session session;
  std::deque<ByteVector> out;
  bool connected = false;
  bool over = false;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) {}

  void play() {
    const std::uint8_t how = in_.u8();
    isImpostor_ = how % 16 == 15;
    start(a_, Role::client, context(isImpostor_ ? 2 : 1)->identity().fingerprint());
    if ((how & 32) == 0) start(b_, Role::server, context(0)->identity().fingerprint());
    if (how & 64) exchange();
    for (int ops = 0; !in_.empty() && ops < 60; ++ops) {
      oneOp();
      collect(a_, b_);
      collect(b_, a_);
    }
    for (End* end : {&a_, &b_}) {
      Step step = world_.step();
      end->session.close(step);
      FUZZ_REQUIRE(!end->session.isConnected());
    }
  }

 private:
  void start(End& end, Role role, crypto::Fingerprint fingerprint) {
    Step step = world_.step();
    end.session.start(step, role, {std::move(fingerprint)}, 20ms);
  }
  void collect(End& end, End& other) {
    while (auto event = end.session.nextEvent()) {
      FUZZ_REQUIRE(!end.over);
      if (const auto* connected = std::get_if<Connected>(&*event)) {
        FUZZ_REQUIRE(!end.connected);
        end.connected = true;
        FUZZ_REQUIRE(!(isImpostor_ && &end == &a_));
        FUZZ_REQUIRE(connected->remote == other.session.context().identity().certificate());
      } else {
        end.over = true;
      }
    }
    while (const auto packet = end.session.read()) {
      FUZZ_REQUIRE(end.connected);
      FUZZ_REQUIRE(packet->size() == 5 && textOf(packet->bytes()) == "hello");
    }
  }
  void deliver(End& to, ByteVector datagram) {
    Step step = world_.step();
    to.session.receive(step, Packet::lend(datagram));
    collect(to, &to == &a_ ? b_ : a_);
  }
  // Without a fault, until nothing moves.
  void exchange() {
    for (int i = 0; i < 12; ++i) {
      for (End* end : {&a_, &b_}) {
        End& other = end == &a_ ? b_ : a_;
        for (auto& datagram : std::exchange(other.out, {})) deliver(*end, std::move(datagram));
      }
    }
  }
  void mutate(ByteVector& datagram) {
    const std::uint8_t how = in_.u8();
    if (datagram.empty()) return;
    if (how & 1) datagram[in_.u16() % datagram.size()] ^= in_.u8();
    if (how & 2) datagram[in_.u8() % std::min<std::size_t>(datagram.size(), 32)] = in_.u8();
    if (how & 4) datagram.resize(in_.u16() % datagram.size());
    if (how & 8) {
      const Bytes more = in_.bytes(in_.u8() % 40);
      datagram.insert(datagram.end(), more.begin(), more.end());
    }
  }
  void oneOp() {
    const std::uint8_t op = in_.u8();
    End& to = op & 1 ? a_ : b_;
    End& from = op & 1 ? b_ : a_;
    Step step = world_.step();
    switch (op >> 1 & 7) {
      case 0: {
        const ByteVector raw = toVector(in_.bytes(in_.u8() % 64));
        if (!raw.empty()) deliver(to, raw);
        return;
      }
      case 1: {
        world_.now += Duration(20'000 * (1 + in_.u8()));
        Step later = world_.step();
        for (End* end : {&a_, &b_}) {
          end->session.onTimer(later);
          FUZZ_REQUIRE(end->session.deadline() > world_.now);
        }
        return;
      }
      case 2: {
        Packet packet = packets().copyOf(bytesOf("hello"));
        return from.session.sendPacket(step, std::move(packet));
      }
      case 3:
        if (op >> 4 == 15) from.session.close(step);
        return;
      case 4:
        return exchange();
      default: {
        if (from.out.empty()) return;
        const std::size_t which = op >> 4 & 3;
        const std::size_t at = which % from.out.size();
        ByteVector datagram = from.out[at];
        if (op < 128) from.out.erase(from.out.begin() + static_cast<std::ptrdiff_t>(at));
        if ((op >> 1 & 7) == 5) mutate(datagram);
        if (!datagram.empty()) deliver(to, std::move(datagram));
      }
    }
  }

  Input in_;
  World world_;
  End a_{0}, b_{1};
  bool isImpostor_ = false;  // the client was told another fingerprint
};

}  // namespace

void oneInput(Bytes input) {
  context(0);
  static const bool warm = [] {
    Game(bytesOf("\x40")).play();  // what OpenSSL makes once
    return true;
  }();
  FUZZ_REQUIRE(warm);
  const Frugal frugal(input.size(), 2 * (256u << 10) + 64 * PacketPool::kBody);
  Game(input).play();
}

}  // namespace parley::fuzz
