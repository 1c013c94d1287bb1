// The clients: a socket each, on one loop.

#include <parley/parley.h>

#include <chrono>
#include <memory>
#include <vector>

#include "many/ends.h"
#include "many/pipe.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using namespace parley;

constexpr std::uint32_t kAtOnce = 64;  // set-ups under way

class Clients {
 public:
  Clients(int descriptor, const ManyOptions& options)
      : wanted_(options.connections),
        pipe_(descriptor, loop_, [this](const Frame& frame) { onFrame(frame); }) {
    clients_.reserve(wanted_);
  }
  ~Clients() { clients_.clear(); }

  void run() {
    while (clients_.size() < std::min(wanted_, kAtOnce)) startNext();
    while (!pipe_.isOver()) loop_.runUntil([this] { return pipe_.isOver(); }, 1h);
  }

 private:
  struct Client {
    std::unique_ptr<RTCPeerConnection> pc;
    std::shared_ptr<RTCDataChannel> channel;
  };

  void startNext() {
    if (clients_.size() == wanted_) return;
    const auto id = static_cast<std::uint32_t>(clients_.size());
    Client& client = clients_.emplace_back();
    client.pc = std::make_unique<RTCPeerConnection>(loop_, RTCConfiguration{},
                                                    Tuning{.interfaces = {"lo"}, .ipv6 = false});
    client.channel = client.pc->createDataChannel("many");
    client.channel->onopen = [channel = client.channel.get()](const Event&) {
      channel->send("hello");
    };
    client.channel->onmessage = [this](const MessageEvent&) {
      if (++connected_ == wanted_) pipe_.send({Frame::Kind::allConnected});
      startNext();
    };
    client.channel->onclose = [this, id](const Event&) {
      clients_[id].pc->close();
      if (++closed_ == wanted_) pipe_.send({Frame::Kind::allClosed});
    };
    client.pc->onicegatheringstatechange = [this, id](const Event&) {
      const RTCPeerConnection& pc = *clients_[id].pc;
      if (pc.iceGatheringState() == RTCIceGatheringState::complete)
        pipe_.send({Frame::Kind::offer, id, pc.localDescription()->sdp});
    };
    client.pc->setLocalDescription();
  }

  void onFrame(const Frame& frame) {
    if (frame.kind == Frame::Kind::answer)
      clients_[frame.id].pc->setRemoteDescription({RTCSdpType::answer, frame.text});
  }

  const std::uint32_t wanted_;
  Loop loop_;
  std::vector<Client> clients_;
  std::uint32_t connected_ = 0;
  std::uint32_t closed_ = 0;
  Pipe pipe_;
};

}  // namespace

void connectMany(int descriptor, const ManyOptions& options) { Clients(descriptor, options).run(); }

}  // namespace bench
