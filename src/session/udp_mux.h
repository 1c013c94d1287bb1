#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/host.h"
#include "session/mux_book.h"
#include "session/mux_handle.h"

namespace parley::session {

// Sockets that many sessions share, one port for all of them. It hears what has no route: a Binding
// request goes to the session that its USERNAME names, an answer to the one that has asked, and all
// else is dropped. Only the session makes routes, for addresses that its agent knows, so that
// strangers change nothing for anybody.
class UdpMux final : public Host::Guest {
 public:
  explicit UdpMux(Host& host) : host_(host) { host_.enter(*this); }
  ~UdpMux() override { host_.leave(*this); }

  Result<BoundUdp, OpenError> open(UdpOptions options);
  std::vector<BoundUdp> sockets() const;

  // For sessions. A share knows no fragments until it is told some.
  Result<BoundUdp, OpenError> share(Guest& session, SocketId socket);
  bool name(SocketId share, std::span<const std::string> fragments);  // false: taken, counted
  void expect(SocketId share, const Address& remote, Bytes packet);
  // A request came along the share's route and is for another one, who cannot have the address:
  // the first validated owner keeps it. Counted.
  bool isForAnother(SocketId share, const stun::MessageView& request);

  struct Stats {
    std::size_t shares = 0;          // now
    std::uint64_t strangers = 0;     // datagrams that were nobody's
    std::uint64_t addressTaken = 0;  // requests from an address that is another session's
    std::uint64_t fragmentTaken = 0;
  };
  Stats stats() const;

  void onDatagram(Step& step, Datagram datagram) override;
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onShareClosed(SocketId share) override;

 private:
  struct Port {
    BoundUdp bound;
    MuxBook book;
  };
  Port* portOf(SocketId share);

  Host& host_;
  std::vector<Port> ports_;
  std::unordered_map<SocketId, std::size_t> shares_;  // which port each is of
  std::uint64_t strangers_ = 0;
  std::uint64_t addressTaken_ = 0;
  std::uint64_t fragmentTaken_ = 0;
};

struct MuxHandle final : MuxHandleOf<UdpMux> {
  using MuxHandleOf::MuxHandleOf;
};

}  // namespace parley::session
