#include "channel/channels.h"

#include <map>

#include "channel/dcep.h"
#include "fuzz/sctp_world.h"

// Channels on both ends of an association, opened, used and closed as the input says, over a
// network that it drives; now and then an end sends what no channel would. Nothing comes on a
// channel that is not open, and no message of one generation of a stream reaches another. max_len:
// 256

namespace parley::fuzz {
namespace {

using namespace channel;

struct Side {
  SctpEnd end{smallConfig()};
  Channels channels{end.association};
  std::map<std::uint32_t, bool> known;          // by id: whether it is still to be closed
  std::map<std::uint32_t, std::string> labels;  // of those announced: what the other end said
  std::uint32_t last = 0;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) {}

  void play() {
    Step step = world_.step();
    a_.channels.setRole(step, true);
    b_.channels.setRole(step, false);
    a_.end.association.connect(step);
    settle(a_);
    carry(a_, b_, 10);
    settle(b_);
    carry(b_, a_, 10);
    settle(a_);
    for (int ops = 0; !in_.empty() && ops < 200; ++ops) oneOp();
    for (Side* side : {&a_, &b_}) {
      for (const auto& [id, isOpen] : side->known) {
        Step now = world_.step();
        if (isOpen) side->channels.close(now, {id});
      }
      settle(*side);
      FUZZ_REQUIRE(side->channels.count() <= 64);
    }
  }

 private:
  Side& other(Side& side) { return &side == &a_ ? b_ : a_; }

  void on(Side&, const Opened&) {}
  void on(Side& side, const Announced& event) {
    FUZZ_REQUIRE((event.channel.value & kAnnouncedBit) != 0);
    FUZZ_REQUIRE(side.known.emplace(event.channel.value, true).second);
    side.labels[event.channel.value] = event.parameters.label;
  }
  void on(Side& side, const MessageArrived& event) {
    const auto found = side.known.find(event.channel.value);
    FUZZ_REQUIRE(found != side.known.end() && found->second);
    const auto label = side.labels.find(event.channel.value);
    // What a channel sends begins with its own label.
    if (!isForged_ && label != side.labels.end() && !event.data.empty()) {
      FUZZ_REQUIRE(textOf(event.data).starts_with(label->second));
    }
    Step step = world_.step();
    side.channels.consumed(step, event.channel, event.data.size());
  }
  void on(Side&, const BytesSent& event) { FUZZ_REQUIRE(event.count > 0); }
  void on(Side& side, const Closing& event) { FUZZ_REQUIRE(side.known.at(event.channel.value)); }
  void on(Side& side, const Closed& event) {
    const auto found = side.known.find(event.channel.value);
    FUZZ_REQUIRE(found != side.known.end() && found->second);  // once
    found->second = false;
    FUZZ_REQUIRE(side.channels.state(event.channel) == State::closed);
  }

  void settle(Side& side) {
    Step step = world_.step();
    for (int i = 0; i < 2; ++i) {
      side.channels.settle(step);
      while (auto event = side.channels.nextEvent()) {
        std::visit([&](const auto& any) { on(side, any); }, *event);
      }
    }
    FUZZ_REQUIRE(side.end.association.inconsistency() == nullptr);
    for (const auto& [id, isOpen] : side.known) {
      FUZZ_REQUIRE(side.channels.bufferedAmount({id}) <= (64u << 10) + (16u << 10));
    }
    while (side.end.out.size() > 128) side.end.out.pop_front();
  }
  void carry(Side& from, Side& to, std::size_t most) {
    for (; most > 0 && !from.end.out.empty(); --most) {
      const ByteVector packet = std::move(from.end.out.front());
      from.end.out.pop_front();
      Step step = world_.step();
      to.end.association.receive(step, packet);
    }
    settle(to);
  }

  void open(Side& side) {
    if (side.last >= 30) return;
    const std::uint8_t how = in_.u8();
    Parameters parameters;
    const std::uint32_t id = ++side.last;
    parameters.label = (&side == &a_ ? "a" : "b") + std::to_string(id) + ".";
    parameters.ordered = (how & 1) == 0;
    if ((how & 6) == 2) parameters.maxRetransmits = how >> 4;
    if ((how & 6) == 4) parameters.maxPacketLifeTime = static_cast<std::uint16_t>(how * 4);
    if (how & 8) {
      parameters.stream = sctp::StreamId{static_cast<std::uint16_t>(in_.u8() % 18)};
      parameters.negotiated = (how & 128) != 0;
    }
    if (parameters.negotiated) isForged_ = true;  // no label travels
    Step step = world_.step();
    if (!side.channels.open(step, {id}, std::move(parameters))) return;
    side.known[id] = true;
  }
  void send(Side& side) {
    if (side.last == 0) return;
    const std::uint32_t id = 1 + in_.u8() % side.last;
    const std::string label = (&side == &a_ ? "a" : "b") + std::to_string(id) + ".";
    ByteVector data = toVector(bytesOf(label));
    data.resize(data.size() + in_.u8() * std::size_t{16});
    if (in_.u8() % 8 == 1) data.clear();
    Step step = world_.step();
    const bool isOpen = side.channels.state({id}) == State::open;
    const std::size_t before = side.channels.bufferedAmount({id});
    const std::size_t size = data.size();
    if (side.channels.send(step, {id}, std::move(data), in_.flag())) {
      FUZZ_REQUIRE(isOpen && side.channels.bufferedAmount({id}) == before + size);
    }
  }
  void forge(Side& side) {
    isForged_ = true;
    static constexpr std::uint32_t kKinds[] = {50, 51, 52, 53, 54, 56, 57, 60};
    sctp::Message message{{static_cast<std::uint16_t>(in_.u8() % 16)}, {kKinds[in_.below(8)]}, {}};
    message.payload = toVector(in_.bytes(1u + in_.u8() % 32));
    if (message.payload.empty()) message.payload.push_back(2);
    sctp::SendOptions options = dcep::controlOptions();
    options.ordered = in_.flag();
    Step step = world_.step();
    (void)side.end.association.send(step, std::move(message), options);
  }
  void oneOp() {
    const std::uint8_t op = in_.u8();
    Side& side = op & 1 ? a_ : b_;
    Step step = world_.step();
    switch (op >> 1 & 15) {
      case 0:
      case 1:
        open(side);
        break;
      case 2:
      case 3:
      case 4:
        send(side);
        break;
      case 5:
      case 6: {
        const std::uint8_t which = in_.u8();
        if (side.known.empty()) break;
        side.channels.close(
            step,
            {std::next(side.known.begin(), which % static_cast<int>(side.known.size()))->first});
        break;
      }
      case 7:
        if (op >> 5 == 7) forge(side);
        break;
      case 8: {
        world_.now += Duration(10'000 * (1 + in_.u8()));
        Step later = world_.step();
        for (Side* each : {&a_, &b_}) {
          if (each->end.association.deadline() <= world_.now) each->end.association.onTimer(later);
          each->channels.onTimer(later);
          settle(*each);
        }
        break;
      }
      case 9:
        if (!side.end.out.empty()) side.end.out.pop_front();  // lost
        break;
      default:
        carry(side, other(side), 1u + (op >> 5));
    }
    settle(side);
  }

  Input in_;
  World world_;
  Side a_, b_;
  bool isForged_ = false;
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 4u << 20);
  Game(input).play();
}

}  // namespace parley::fuzz
