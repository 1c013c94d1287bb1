#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/host.h"
#include "core/ports.h"
#include "core/timer.h"
#include "session/bases.h"
#include "session/gatherer.h"
#include "session/port.h"
#include "session/reflexive.h"
#include "session/trust.h"

namespace parley::session {

// Finds the candidates of one transport, a generation at a time (RFC 8445 5.1.1): sockets by
// Gatherer, how STUN servers see them by Reflexive, allocations on TURN servers by Relay. It looks
// up the servers' names and knows when nothing more can come. With relayOnly nothing but TURN is
// asked and no address of ours is told (webrtc-pc 4.2.2). It knows no agent.
class Discovery {
 public:
  struct HostFound {
    SocketId base;
  };
  struct TcpFound {
    TcpPlace place;
  };
  struct TcpGone {
    TcpPlace place;
  };
  struct ReflexiveFound {
    SocketId base;
    Address mapped;
    Address server;
    std::string url;
  };
  struct RelayFound {
    SocketId base;
    Address relayed;
    Address mapped;
  };
  struct HostGone {
    SocketId base;
  };
  // It is of no use any more, and `held` there may be something to give back.
  struct RelayGone {
    SocketId base;
  };
  struct ServerFailed {
    std::optional<Address> local;
    std::string url;
    std::uint16_t code = 0;
    std::string text;
  };
  struct Ended {
    std::string ufrag;
  };
  using Event = std::variant<HostFound, HostGone, TcpFound, TcpGone, ReflexiveFound, RelayFound,
                             RelayGone, ServerFailed, Ended>;

  Discovery(Host& host, Host::Guest& owner, TransportId transport, Bases& bases,
            const GatherConfig& config, Trust& trust)
      : host_(host),
        owner_(owner),
        transport_(transport),
        bases_(bases),
        config_(config),
        trust_(trust),
        reflexive_(host, config_.mux) {}

  TransportId transport() const { return transport_; }

  // A new generation. Sockets and allocations that stand are used again, for what is selected on
  // them still carries data.
  void begin(Step& step, std::string ufrag);
  // The peer has a passive TCP candidate: from now on this generation connects.
  void onPeerListens(Step& step);
  // For the pool (RFC 9429 3.5.4): what is found is kept alive and not told, and what failed is
  // asked again by adopt(). That makes it the first generation of a transport: what stands is told
  // at once, as far as the policy is still the same, and gathering goes on from there.
  void pool(Step& step);
  void adopt(Step& step, TransportId transport, std::string ufrag);
  bool isPooled() const { return isPooled_; }
  // Addresses came or went: the generation grows by what is new and loses what is gone. What comes
  // of it may be told after Ended.
  void onInterfacesChanged(Step& step);
  // A pair is in use: mappings need no keeping alive by us.
  void onConnected() { reflexive_.keepNoLonger(); }

  // False: the response answers no question of ours.
  bool receive(Step& step, SocketId socket, const Address& remote,
               const stun::MessageView& response) {
    return reflexive_.receive(step, socket, remote, response);
  }
  bool onResolved(Step& step, ResolveId request, const std::vector<IpAddress>& found);
  void onTimer(Step& step);
  Instant deadline() const { return earliest(reflexive_.deadline(), keepalive_.due()); }

  void settle(Step& step);  // before events are drained
  std::optional<Event> nextEvent() { return events_.pop(); }
  // A relay of the generation before that this one will be told of once it is proved.
  bool isKeeping(SocketId socket) const {
    return std::ranges::find(proving_, socket) != proving_.end();
  }
  std::size_t transactions() const { return reflexive_.pending() + lookups_.size(); }

 private:
  void gather(Step& step);
  void openHosts(Step& step);
  void openTcp(Step& step);
  void leave(const std::function<bool(const Base&)>& isGone);
  void leaveLost(Step& step, const std::vector<IpAddress>& ours);
  void tellWhatStands();
  unsigned freeRank() const;
  void askServers(Step& step);
  bool isProxied(const IceServer& server) const;
  void ask(Step& step, const IceServer& server, const std::vector<IpAddress>& addresses);
  void probe(Step& step, const IceServer& server, const std::vector<IpAddress>& addresses);
  void dropProbes();
  void allocate(Step& step, const IceServer& server, const std::vector<IpAddress>& addresses);
  void openRelay(Step& step, const IpAddress& from, Relay::Place place);
  std::unique_ptr<Relay> openUdp(Step& step, const IpAddress& from, Relay::Place& place);
  std::unique_ptr<Relay> openStream(const IpAddress& from, Relay::Place& place);
  std::unique_ptr<Relay> failWithoutAuthority(const Relay::Place& place);
  void collectReflexive();
  void collectRelays(Step& step);
  void on(Step& step, Base& base, const turn::Allocated& event);
  void on(Step& step, Base& base, const turn::Failed& event);
  void on(Step& step, Base& base, const turn::Redirected& event);
  void on(Step& step, Base& base, const turn::Lost& event);
  void on(Step&, Base&, const turn::PeerRefused&) {}
  void on(Step&, Base&, const turn::Released&) {}
  void keepRelays(Step& step);
  bool isWanted(const Base& base) const;
  bool isPending(const Base& base) const;
  std::size_t pending() const;
  void fail(const std::optional<Address>& local, const std::string& url, std::uint16_t code,
            std::string text);

  Host& host_;
  Host::Guest& owner_;
  TransportId transport_;
  Bases& bases_;
  const GatherConfig& config_;
  Trust& trust_;
  Reflexive reflexive_;
  std::map<ResolveId, IceServer> lookups_;
  std::vector<LocalSocket> sockets_;                   // of this generation's host candidates
  std::set<std::pair<SocketId, std::string>> probed_;  // which socket, by which server's URL
  std::vector<SocketId> proving_;     // relays of the generation before, told once they are proved
  std::vector<SocketId> gone_;        // relays said to be so, not yet taken away
  std::vector<IpAddress> askedFrom_;  // our addresses, and the policy, when servers were asked
  std::vector<TcpPlace> places_;      // of this generation's TCP candidates
  bool askedRelayOnly_ = false;
  std::string ufrag_;
  bool peerListens_ = false;
  bool isRunning_ = false;
  bool isPooled_ = false;
  bool isIncomplete_ = false;  // something failed while nobody was to be told
  Timer keepalive_;  // of the ways to relays, in use or not: what is given back has to arrive
  EventQueue<Event> events_;
};

}  // namespace parley::session
