#include "session/tcp_mux.h"

#include <set>

#include "core/limits.h"
#include "fuzz/common.h"
#include "session/tcp_port.h"
#include "session/test_host.h"

// The input is strangers and peers at a mux's listener: they come, say bytes in pieces, wait and
// go; some prove themselves. What gets through are whole packets and, of who has proved nothing,
// STUN only; the bounds hold, and in the end no stream is left. max_len: 512

namespace parley::fuzz {
namespace {

using namespace session;

class Game final : private Host::Guest, private TcpMux::Taker {
 public:
  explicit Game(Bytes input) : in_(input) {
    host_.enter(*this);
    listener_ = mux_.open({.local = *IpAddress::parse("10.0.0.1")}).value();
    const std::vector<std::string> fragments{"u"};
    FUZZ_REQUIRE(mux_.name(*this, TransportId{1}, fragments));
  }
  ~Game() override { host_.leave(*this); }

  void play() {
    for (int ops = 0; !in_.empty() && ops < 200; ++ops) {
      oneOp();
      host_.settle();
      FUZZ_REQUIRE(port_.size() <= limits::ice::kTcpStreams);
      FUZZ_REQUIRE(mux_.stats().waiting <= limits::mux::kStreams);
    }
    for (int i = 0; i < 2; ++i) pass(limits::ice::kTcpIdle);
    FUZZ_REQUIRE(port_.size() == 0 && mux_.stats().waiting == 0);
    FUZZ_REQUIRE(host_.sockets.size() == 1);
  }

 private:
  void oneOp() {
    switch (in_.below(6)) {
      case 0:
        return accept();
      case 1:
      case 2:
        return speak();
      case 3:
        return prove();
      case 4:
        return end();
      default:
        return pass(Duration(in_.u16()) * 1'000);
    }
  }
  Address remote() {
    return {IpAddress::v4({10, 1, 0, static_cast<std::uint8_t>(in_.below(8))}),
            static_cast<std::uint16_t>(1 + in_.below(8))};
  }
  std::optional<SocketId> choose() {
    if (open_.empty()) return std::nullopt;
    return open_[in_.below(open_.size())];
  }
  void accept() {
    const Address from = remote();
    const SocketId stream = host_.acceptTcp(mux_, listener_.local, from);
    host_.touch(mux_);
    mux_.onStreamAccepted(host_.step(), listener_.socket, stream, listener_.local, from);
    open_.push_back(stream);
    sweep();
  }
  // Bytes of the input, or the check that leads to us.
  void speak() {
    const auto stream = choose();
    if (!stream) return;
    static constexpr std::uint8_t kCheck[] = {0,  28, 0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42,
                                              1,  2,  3, 4, 5, 6, 7,    8,    9,    10,
                                              11, 12, 0, 6, 0, 3, 'u',  ':',  'x',  0};
    ByteVector bytes = in_.flag() ? toVector(Bytes(kCheck)) : toVector(in_.bytes(1u + in_.u8()));
    host_.touch(*host_.sockets.at(*stream).owner);
    if (host_.sockets.at(*stream).owner == &mux_)
      mux_.onStreamBytes(host_.step(), *stream, bytes);
    else
      hear(*stream, bytes);
    sweep();
  }
  void hear(SocketId stream, Bytes bytes) {
    port_.onBytes(host_.step(), stream, bytes);
    drain();
  }
  void drain() {
    while (const auto arrival = port_.next(host_.step())) {
      FUZZ_REQUIRE(!arrival->payload.empty());
      FUZZ_REQUIRE(arrival->payload.size() <= limits::turn::kMessage);
      FUZZ_REQUIRE(proved_.contains(arrival->remote) || arrival->payload[0] < 4);
    }
    while (const auto lost = port_.nextLost()) proved_.erase(*lost);
  }
  void prove() {
    const auto stream = choose();
    if (!stream || !port_.has(*stream)) return;
    const Address& peer = host_.streams.at(*stream).remote;
    port_.prove(host_.step(), peer);
    proved_.insert(peer);
    port_.send(host_.step(), peer, pool_.copyOf(Bytes(kRecord)));
  }
  void end() {
    const auto stream = choose();
    if (!stream) return;
    Host::Guest* owner = host_.sockets.at(*stream).owner;
    host_.sockets.erase(*stream);
    if (owner == &mux_)
      mux_.onStreamClosed(host_.step(), *stream, StreamEnd::reset);
    else
      port_.onClosed(*stream);
    drain();
    sweep();
  }
  void pass(Duration time) {
    net_.now += time;
    mux_.onTimer(host_.step());
    port_.onTimer(host_.step());
    drain();
    sweep();
  }
  void sweep() {
    std::erase_if(open_, [this](SocketId stream) { return !host_.sockets.contains(stream); });
  }

  Host::Guest& guest() override { return *this; }
  void takeStream(Step& step, TransportId transport, const IpAddress&,
                  std::unique_ptr<FramedStream> stream) override {
    FUZZ_REQUIRE(transport == TransportId{1});
    const SocketId id = stream->id();
    if (port_.take(step, std::move(stream)))
      drain();
    else
      host_.close(id);
  }
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}

  static constexpr std::uint8_t kRecord[] = {22, 254, 253};

  Input in_;
  session::test::Net net_;
  session::test::TestHost host_{net_, {"10.0.0.1"}};
  PacketPool pool_{64};
  TcpMux mux_{host_};
  TcpPort port_{host_, *this, {ice::TcpType::passive, *IpAddress::parse("10.0.0.1")}};
  BoundTcp listener_{};
  std::vector<SocketId> open_;
  std::set<Address> proved_;
};

}  // namespace

void oneInput(Bytes input) { Game(input).play(); }

}  // namespace parley::fuzz
