#include <map>

#include "fuzz/sctp_world.h"

// Two associations and a network that the input drives: what is lost, doubled, held back, and how
// time passes. Reliable messages come exactly once and in order, partially reliable ones whole and
// at most once, and once the input has ended everything that is owed arrives.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace sctp;

// Says which message it is, and can be recognised to its last byte.
ByteVector payloadOf(std::uint32_t number, std::size_t size) {
  ByteVector bytes(std::max<std::size_t>(size, 4));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = i < 4 ? static_cast<std::uint8_t>(number >> (8 * (3 - i)))
                     : static_cast<std::uint8_t>(number * 31 + i * 7 + (i >> 8));
  }
  return bytes;
}

struct Expected {
  std::size_t size = 0;
  std::uint16_t stream = 0;
  bool ordered = true;
  bool reliable = true;
  bool arrived = false;
};

struct Side {
  SctpEnd end{smallConfig()};
  std::map<std::uint32_t, Expected> sent;
  std::map<std::uint16_t, std::uint32_t> lastOrdered;  // by stream, of those that arrived here
  bool connected = false;
  std::size_t owed = 0;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) { world_.secrets = SeededSecrets(in_.u8()); }

  void play() {
    for (Side* side : {&a_, &b_}) {
      Step step = world_.step();
      side->end.association.connect(step);
      settle(*side, other(*side));
    }
    for (int ops = 0; !in_.empty() && ops < 400; ++ops) oneOp();
    finish();
  }

 private:
  Side& other(Side& side) { return &side == &a_ ? b_ : a_; }

  void settle(Side& side, Side& from) {
    Step step = world_.step();
    for (int i = 0; i < 2; ++i) {
      side.end.association.flush(step);
      while (auto event = side.end.association.nextEvent()) {
        if (std::holds_alternative<Connected>(*event)) side.connected = true;
        FUZZ_REQUIRE(!std::holds_alternative<Failed>(*event));
        FUZZ_REQUIRE(!std::holds_alternative<Restarted>(*event));
        if (const auto* received = std::get_if<Received>(&*event)) {
          take(side, from, received->message);
          side.end.association.consumed(step, received->message.payload.size());
        }
      }
    }
    side.end.check();
  }

  static void take(Side& side, Side& from, const Message& message) {
    FUZZ_REQUIRE(message.payload.size() >= 4);
    const std::uint32_t number = wordAt(message.payload, 0);
    const auto found = from.sent.find(number);
    FUZZ_REQUIRE(found != from.sent.end());
    Expected& expected = found->second;
    FUZZ_REQUIRE(!expected.arrived && expected.stream == message.stream.value);
    FUZZ_REQUIRE(message.payload == payloadOf(number, expected.size));
    expected.arrived = true;
    if (expected.reliable) --from.owed;
    if (!expected.ordered) return;
    std::uint32_t& last = side.lastOrdered[expected.stream];
    FUZZ_REQUIRE(number > last);
    last = number;
  }

  void send(Side& side) {
    const std::uint8_t how = in_.u8();
    Expected expected;
    expected.size = std::max<std::size_t>(4, in_.u16() % 6'000);
    expected.stream = how % 3;
    expected.ordered = (how & 4) == 0;
    expected.reliable = (how & 24) != 24;
    SendOptions options;
    options.ordered = expected.ordered;
    if (!expected.reliable && (how & 32)) options.retransmitsMax = how >> 6;
    if (!expected.reliable && !(how & 32)) options.lifetime = Duration(50'000 * (how >> 6));
    Step step = world_.step();
    const std::uint32_t number = ++number_;
    if (!side.end.association.send(
            step, {{expected.stream}, {53}, payloadOf(number, expected.size)}, options)) {
      return;
    }
    side.sent[number] = expected;
    if (expected.reliable) ++side.owed;
  }

  void deliver(Side& to) {
    auto& wire = other(to).end.out;
    if (wire.empty()) return;
    const std::uint8_t fate = in_.u8();
    const std::size_t which = fate < 128 ? 0 : fate % wire.size();
    const ByteVector packet = wire[which];
    if (fate % 8 != 7) wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(which));  // or doubled
    if (fate % 8 == 6) return;                                                         // lost
    Step step = world_.step();
    to.end.association.receive(step, packet);
    settle(to, other(to));
  }

  void passTime(Duration time) {
    world_.now += time;
    for (Side* side : {&a_, &b_}) {
      Step step = world_.step();
      if (side->end.association.deadline() > world_.now) continue;
      side->end.association.onTimer(step);
      settle(*side, other(*side));
      FUZZ_REQUIRE(side->end.association.deadline() > world_.now);
    }
  }

  void oneOp() {
    const std::uint8_t op = in_.u8();
    Side& side = op & 1 ? a_ : b_;
    switch (op >> 1 & 7) {
      case 0:
        send(side);
        return settle(side, other(side));
      case 1:
        return passTime(Duration(1'000 * (1 + in_.u8())));
      case 2:
        side.end.out.clear();  // a burst of loss
        return;
      default:
        for (int count = 1 + (op >> 4); count > 0; --count) deliver(side);
    }
  }

  // A network without fault: within a minute all that is owed is there.
  void finish() {
    const Instant end = world_.now + 60s;
    while (world_.now < end && !isDone()) {
      bool moved = false;
      for (Side* side : {&a_, &b_}) {
        auto& wire = other(*side).end.out;
        for (; !wire.empty(); moved = true) {
          const ByteVector packet = std::move(wire.front());
          wire.pop_front();
          Step step = world_.step();
          side->end.association.receive(step, packet);
        }
        settle(*side, other(*side));
      }
      if (moved) {
        passTime(1ms);
        continue;
      }
      const Instant due = earliest(a_.end.association.deadline(), b_.end.association.deadline());
      if (due > end) break;
      passTime(std::max(Duration(1), due - world_.now));
    }
    FUZZ_REQUIRE(isDone());
  }
  bool isDone() const {
    for (const Side* side : {&a_, &b_}) {
      if (!side->connected || side->owed > 0 || side->end.association.bytesQueued() > 0)
        return false;
    }
    return true;
  }

  Input in_;
  World world_;
  Side a_, b_;
  std::uint32_t number_ = 0;
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 4u << 20);
  Game(input).play();
}

}  // namespace parley::fuzz
