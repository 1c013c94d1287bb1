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

namespace parley::session {

// What one of our candidates sends and hears on: a socket, or an allocation behind one.
struct Base {
  TransportId transport;
  LocalSocket socket;               // of a relayed one: towards the server
  ice::CandidateId candidate = {};  // {0}: the agent does not know it yet
  std::unique_ptr<Relay> relay = {};
  turn::Allocated allocated = {};  // of a relay, once it stands

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
  std::optional<Arrival> nextArrival(Step& step);
  void send(Step& step, const ice::Path& path, Packet packet);

  Base& add(Base base);
  Base* find(SocketId socket);
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
        host_.close(base->id());
      return true;
    });
    return relays;
  }

  void onTimer(Step& step);
  Instant deadline() const;
  turn::Held held() const;
  const char* inconsistency() const;

 private:
  Host& host_;
  std::vector<std::unique_ptr<Base>> bases_;
  std::optional<Arrival> arrived_;  // by a socket
  SocketId relaying_{};             // {0}: none; the relay that may have more
};

}  // namespace parley::session
