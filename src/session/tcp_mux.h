#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/host.h"
#include "session/framed_stream.h"
#include "session/mux_handle.h"
#include "session/port.h"

namespace parley::session {

// Listeners that many sessions share, one TCP port for all of them. A stream is the session's that
// the USERNAME of its first check names, and from then on nobody else's; it believes nothing, for
// the session checks what comes. What does not begin with such a check is closed, as is who takes
// his time.
class TcpMux final : public Host::Guest {
 public:
  // A session, as far as this knows one.
  class Taker {
   public:
    virtual Host::Guest& guest() = 0;
    // The stream is its guest's by now, and nothing was taken out of it.
    virtual void takeStream(Step& step, TransportId transport, const IpAddress& local,
                            std::unique_ptr<FramedStream> stream) = 0;

   protected:
    ~Taker() = default;
  };

  explicit TcpMux(Host& host) : host_(host) { host_.enter(*this); }
  ~TcpMux() override { host_.leave(*this); }

  Result<BoundTcp, OpenError> open(const TcpListenOptions& options);
  const std::vector<BoundTcp>& listeners() const { return listeners_; }

  // Checks that name one of these are the transport's from now on, in place of those before. False,
  // and all is as it was: one of them is another's.
  bool name(Taker& taker, TransportId transport, std::span<const std::string> fragments);
  void forget(const Taker& taker);

  struct Stats {
    std::size_t waiting = 0;      // streams that have not said whose they are
    std::uint64_t assigned = 0;   // to a session
    std::uint64_t strangers = 0;  // streams that were nobody's
    std::uint64_t fragmentTaken = 0;
  };
  Stats stats() const;

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step& step) override;
  void onStepEnd(Step&) override;
  void onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                        const Address& remote) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;

 private:
  struct Waiting {
    std::unique_ptr<FramedStream> link;
    IpAddress local;
    Instant closesAt;
  };
  using Owner = std::pair<Taker*, TransportId>;
  struct Text {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  bool makeRoom(const IpAddress& source);
  std::optional<Owner> ownerOf(Bytes packet) const;
  void assign(Step& step, Waiting waiting, const Owner& owner);
  void drop(std::vector<Waiting>::iterator waiting);

  Host& host_;
  std::vector<BoundTcp> listeners_;
  std::vector<Waiting> waiting_;  // oldest first
  std::map<Owner, std::vector<std::string>> named_;
  std::unordered_map<std::string, Owner, Text, std::equal_to<>> owners_;
  std::uint64_t assigned_ = 0;
  std::uint64_t strangers_ = 0;
  std::uint64_t fragmentTaken_ = 0;
};

struct TcpMuxHandle final : MuxHandleOf<TcpMux> {
  using MuxHandleOf::MuxHandleOf;
};

}  // namespace parley::session
