#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/host.h"
#include "core/timer.h"
#include "session/framed_stream.h"
#include "session/relay.h"
#include "session/secure_leg.h"

namespace parley::session {

// What a closed connection still has to say, owned by the loop. It repeats the farewell (the same
// SCTP ABORT and DTLS close_notify records, harmless as replays) until the peer says close_notify
// too, answers what still comes from the peer's address with it, and vanishes: it is bounded in
// datagrams, answers and time. It never answers STUN, so the peer's consent expires as it should.
// An allocation that carried the farewell is given back as soon as that is answered, or has had
// the time of its four repetitions to arrive: limits::turn::kFarewell at least.
class Tail final : public Host::Guest, private DatagramSink {
 public:
  struct Farewell {
    SocketId socket;  // the peer's selected path
    Address local;
    Address remote;
    std::unique_ptr<Relay> relay;          // where that leads through an allocation
    std::unique_ptr<FramedStream> stream;  // where it is one
    std::vector<ByteVector> datagrams;     // as they left for the first time
    std::unique_ptr<SecureLeg> leg;
    std::optional<Duration> roundTrip;
    Duration limit{};
    std::uint32_t subject = 0;
  };

  // The farewell has just been sent once. The socket already belongs to the tail.
  Tail(Host& host, Step& step, Farewell farewell);

  void onDatagram(Step& step, Datagram datagram) override;
  void onTimer(Step& step) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;
  void onStepEnd(Step& step) override;
  Holdings holdings() const override;

 private:
  void hearRelay(Step& step);
  void hear(Step& step, Packet record);
  void sendDatagram(Step& step, Packet datagram) override;
  void sayFarewell(Step& step);

  Host& host_;
  Farewell farewell_;
  Duration roundTrip_;
  int repeated_ = 0;
  int answered_ = 0;
  Instant heardBy_;  // what comes before was sent before the peer could know
  Timer repeat_;
  Instant latest_;  // by which all is over, an allocation included
  Timer giveUp_;
  bool heardGoodbye_ = false;
};

}  // namespace parley::session
