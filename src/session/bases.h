#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/host.h"
#include "ice/path.h"
#include "session/gatherer.h"
#include "session/port.h"
#include "session/relay.h"
#include "session/tcp_port.h"

namespace parley::session {

// What one of our candidates sends and hears on: a socket, an allocation behind one, or streams.
struct Base {
  TransportId transport;
  LocalSocket socket;               // of a relayed one: towards the server; of an active one: none
  ice::CandidateId candidate = {};  // {0}: the agent does not know it yet
  std::unique_ptr<Relay> relay = {};
  turn::Allocated allocated = {};  // of a relay, once it stands
  std::unique_ptr<TcpPort> tcp = {};

  SocketId id() const { return socket.socket; }
};

// All bases of a session, of every transport. It turns what comes off a socket into what came along
// a path, and the other way round; it gathers nothing and decides nothing.
class Bases {
 public:
  explicit Bases(Host& host) : host_(host) {}

  struct Arrival {
    TransportId transport;
    SocketId socket;
    ice::Path path;
    Packet packet;
  };
  // What came of peers, one after the other by nextArrival(): nothing for a message between a
  // server and us. False: the socket is none of ours.
  bool receive(Step& step, Datagram datagram);
  void receive(Step& step, SocketId stream, MutableBytes bytes);
  void accept(Step& step, SocketId listener, SocketId stream, const Address& remote);
  // Of a mux. False: it is not wanted, and closed.
  bool take(Step& step, TransportId transport, const IpAddress& local,
            std::unique_ptr<FramedStream> stream);
  void streamOpened(Step& step, SocketId stream, const Address& local);
  void streamClosed(Step& step, SocketId stream, StreamEnd reason);
  std::optional<Arrival> nextArrival(Step& step);
  void send(Step& step, const ice::Path& path, Packet packet);
  std::optional<ice::Path> nextLost();  // its stream has ended

  Base& add(Base base);
  Base* find(SocketId socket);
  Base* find(TransportId transport, const TcpPlace& place);
  Base* find(ice::CandidateId candidate);
  const Base* find(ice::CandidateId candidate) const;
  std::span<const std::unique_ptr<Base>> all() const { return bases_; }
  std::vector<LocalSocket> hostSockets(TransportId transport) const;
  std::size_t relays(TransportId transport) const;

  // Out of here; sockets of host candidates are closed, relays are for the caller to give back.
  template <class Predicate>
  std::vector<std::unique_ptr<Relay>> remove(Predicate isGone) {
    std::vector<std::unique_ptr<Relay>> relays;
    std::erase_if(bases_, [&](const std::unique_ptr<Base>& base) {
      if (!isGone(std::as_const(*base))) return false;
      if (base->relay)
        relays.push_back(std::move(base->relay));
      else
        shut(*base);
      return true;
    });
    return relays;
  }

  void onTimer(Step& step);
  Instant deadline() const;
  turn::Held held() const;
  const char* inconsistency() const;

 private:
  Base* ofStream(SocketId stream);
  void shut(Base& base);

  Host& host_;
  std::vector<std::unique_ptr<Base>> bases_;
  std::optional<Arrival> arrived_;  // by a socket
  SocketId hearing_{};              // {0}: none; the relay or the stream that may have more
};

}  // namespace parley::session
