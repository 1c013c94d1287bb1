#include "fuzz/common.h"
#include "session/test_peer.h"

// Two whole sessions that are connected. One of them then gets datagrams of the input, from its
// peer's address and from others, and what its peer's SCTP may say under the right keys. It stays
// within its bounds, tells each channel's end once, and leaves nothing behind. max_len: 192

namespace parley::fuzz {
namespace {

using namespace session;

struct Base {
  Base() { isConnected = couple.connect() && couple.openChannel(); }
  session::test::Couple couple;
  bool isConnected;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) {}

  void play() {
    FUZZ_REQUIRE(base_.isConnected);
    const std::size_t before = Allocations::live();
    for (int ops = 0; !in_.empty() && ops < 60; ++ops) {
      oneOp();
      couple().net.sent.clear();
      FUZZ_REQUIRE(Allocations::live() <= before + (4u << 20));
    }
    couple().alice.execute(Close{});
    couple().bob.execute(Close{});
    couple().net.runFor(20s);
    FUZZ_REQUIRE(couple().alice.host.isEmpty() && couple().bob.host.isEmpty());
    std::map<std::uint32_t, int> closed;
    for (const auto& event : couple().bob.allOfChannels<channel::Closed>()) {
      FUZZ_REQUIRE(++closed[event.channel.value] == 1);
    }
  }

 private:
  session::test::Couple& couple() { return base_.couple; }

  Address addressOf(const session::test::Peer& peer) {
    const auto& sockets = peer.host.sockets;
    return sockets.empty() ? Address() : sockets.begin()->second.local;
  }
  void inject(bool fromPeer) {
    Address from = addressOf(couple().alice);
    if (!fromPeer) from.port = static_cast<std::uint16_t>(from.port + 1 + in_.u8() % 4);
    ByteVector bytes = toVector(in_.bytes(1u + in_.u8()));
    if (bytes.empty()) return;
    couple().net.inject(
        {.from = from, .to = addressOf(couple().bob), .bytes = bytes, .sent = couple().net.now});
  }
  // A datagram that is under way is changed, doubled or lost.
  void disturb() {
    const std::uint8_t how = in_.u8();
    const std::uint16_t at = in_.u16();
    auto& net = couple().net;
    net.passes = [this, how, at](const session::test::Flight& flight) {
      if (how & 1) return false;
      if (how & 2) {
        session::test::Flight changed = flight;
        changed.bytes[at % changed.bytes.size()] ^= static_cast<std::uint8_t>(1 + how);
        couple().net.inject(std::move(changed));
      }
      return true;
    };
    net.runFor(Duration(1'000 * (how >> 2)));
    net.passes = {};
  }
  void oneOp() {
    const std::uint8_t op = in_.u8();
    auto& peer = op & 1 ? couple().alice : couple().bob;
    const ChannelId channel = op & 1 ? ChannelId{1} : couple().announced;
    switch (op >> 1 & 7) {
      case 0:
        return inject(true);
      case 1:
        return inject(false);
      case 2:
        return disturb();
      case 3:
        return couple().net.runFor(Duration(5'000 * (1 + (op >> 4))));
      case 4:
        if (opened_ < 20) peer.open(100 + ++opened_);
        return;
      case 5:
        if (op >> 4 == 15) peer.execute(CloseChannel{channel});
        return;
      case 6:
        if (op >> 4 == 14) peer.restart();
        return;
      default:
        peer.execute(SendMessage{channel, ByteVector(in_.u16() % 4'000, 7), (op & 16) != 0});
    }
  }

  Input in_;
  Base base_;
  std::uint32_t opened_ = 0;
};

}  // namespace

void oneInput(Bytes input) {
  static const bool strict = [] {
    GTEST_FLAG_SET(throw_on_failure, true);  // the sessions' own helpers speak through it
    return true;
  }();
  FUZZ_REQUIRE(strict);
  Game(input).play();
}

}  // namespace parley::fuzz
