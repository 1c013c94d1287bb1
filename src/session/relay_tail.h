#pragma once

#include <memory>

#include "core/host.h"
#include "core/timer.h"
#include "session/relay.h"

namespace parley::session {

// An allocation that is being given back after its peer has closed, owned by the loop: it lives
// until the server has confirmed that nothing is left, and no longer than the tail may.
class RelayTail final : public Host::Guest {
 public:
  // Adopts one with the host; the relay's socket changes hands. With no room for another tail, or
  // no time for one, the Refresh that leaves now has to do.
  static void leave(Host& host, Step& step, std::unique_ptr<Relay> relay, Duration limit,
                    std::uint32_t subject);

  RelayTail(Host& host, Step& step, std::unique_ptr<Relay> relay, Duration limit,
            std::uint32_t subject);

  void onDatagram(Step& step, Datagram datagram) override;
  void onTimer(Step& step) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;
  void onStepEnd(Step& step) override;
  Holdings holdings() const override;
  const char* inconsistency() const override { return relay_->inconsistency(); }

 private:
  void hear(Step& step);

  Host& host_;
  std::unique_ptr<Relay> relay_;
  std::uint32_t subject_;
  Timer giveUp_;
  bool isReleased_ = false;
};

}  // namespace parley::session
