#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/host.h"
#include "core/ports.h"
#include "ice/candidate.h"
#include "session/framed_stream.h"

namespace parley::session {

// Which of a transport's TCP candidates: there is one of each kind for an address.
struct TcpPlace {
  ice::TcpType type = ice::TcpType::none;  // active or passive
  IpAddress local;

  friend bool operator==(const TcpPlace&, const TcpPlace&) = default;
};

// The streams of one TCP candidate (RFC 6544): a passive one is given what its listener accepts, an
// active one connects when a check is to go where no stream leads yet. Each is a path to its remote
// address. Who has not proved himself by a check may say nothing but STUN, and not for long; what
// nobody uses is closed. It knows no agent.
class TcpPort {
 public:
  TcpPort(Host& host, Host::Guest& owner, const TcpPlace& place)
      : host_(host), owner_(owner), place_(place) {}

  const TcpPlace& place() const { return place_; }
  bool has(SocketId stream) const;
  std::size_t size() const { return streams_.size(); }

  void accept(Step& step, SocketId stream, const Address& remote);
  // One that has brought something. False: there are too many; it is still open.
  bool take(Step& step, std::unique_ptr<FramedStream> stream);
  void onOpened(SocketId stream);
  void onBytes(Step& step, SocketId stream, Bytes bytes);  // then next() until there is none
  void onClosed(SocketId stream);

  struct Arrival {
    Address remote;
    MutableBytes payload;  // stays put until the next call
  };
  std::optional<Arrival> next(Step& step);
  // The peer has shown there that it knows our password.
  void prove(Step& step, const Address& remote);

  void send(Step& step, const Address& remote, Packet packet);

  void onTimer(Step& step);
  Instant deadline() const;
  std::optional<Address> nextLost() { return lost_.pop(); }  // paths that led somewhere

  // Out of here, for a tail. Null: there is none.
  std::unique_ptr<FramedStream> release(const Address& remote);
  void closeAll();

 private:
  struct Stream {
    FramedStream link;
    Instant closesAt;
    bool isOpen = false;
    bool isProved = false;
  };
  using Streams = std::vector<std::unique_ptr<Stream>>;

  Stream* find(SocketId stream);
  Stream* find(const Address& remote);
  Stream* connect(Step& step, const Address& remote);
  bool admit(Step& step, FramedStream link);
  bool makeRoom(Step& step, const IpAddress& source);
  void close(Step& step, Stream& stream, const char* why);
  void forget(Stream& stream);

  Host& host_;
  Host::Guest& owner_;
  TcpPlace place_;
  Streams streams_;
  SocketId hearing_{};  // {0}: none; the one that may have more
  EventQueue<Address> lost_;
};

}  // namespace parley::session
