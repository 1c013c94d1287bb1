#pragma once

#include <memory>
#include <vector>

#include "core/host.h"
#include "ice/agent.h"
#include "session/bases.h"
#include "session/data_plane.h"
#include "session/discovery.h"
#include "session/name_book.h"
#include "session/own_names.h"
#include "session/port.h"
#include "session/tcp_mux.h"
#include "session/transport.h"

namespace parley::session {

// The engine of one peer: ICE agent, transports and data plane over one host. Commands change
// state; once per step onStepEnd() drains everything from the bottom up, sends from the top down,
// sets the one deadline and hands up one batch of events. This class dispatches and routes;
// what is done is done by the parts.
class Session final : public Host::Guest, private ice::PathSink, private TcpMux::Taker {
 public:
  class Listener {
   public:
    virtual void onEvents(std::vector<Event> events) = 0;  // must not call back into the session
    virtual void onClosed(Session&) {}                     // it may be gone when this returns

   protected:
    ~Listener() = default;
  };

  // `trust` is shared by the sessions of one host; without one, this has its own.
  Session(Host& host, dtls::Context::Shared context, Config config, Listener& listener,
          std::shared_ptr<Trust> trust = nullptr);
  ~Session() override;  // the same as close()

  void execute(Command command);
  // ABORT and close_notify leave in this step; a tail goes on telling. Nothing is left of the
  // session with the host after it, and no event follows.
  void close();
  // Delivers what was sent, with SCTP's SHUTDOWN, and then closes, after `limit` at the latest;
  // `heir` hears what follows, which is of no use, and that it has closed. False: there is nothing
  // to deliver or nobody to deliver it to, so close() is next.
  bool flush(Listener& heir, Duration limit);

  void onDatagram(Step& step, Datagram datagram) override;
  void onTimer(Step& step) override;
  void onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) override;
  void onStreamOpened(Step& step, SocketId stream, const Address& local) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;
  void onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                        const Address& remote) override;
  void onInterfacesChanged(Step& step) override;
  void onStepEnd(Step& step) override;
  Holdings holdings() const override;
  const char* inconsistency() const override;

 private:
  void apply(Step& step, CreateTransport& command);
  void apply(Step& step, CloseTransport& command);
  void apply(Step& step, SetIceRole& command);
  void apply(Step& step, SetRemoteIce& command);
  void apply(Step& step, AddRemoteCandidate& command);
  void apply(Step& step, EndRemoteCandidates& command);
  void apply(Step& step, RestartIce& command);
  void apply(Step& step, CancelIceRestart& command);
  void apply(Step& step, SetGatherPolicy& command);
  void apply(Step& step, SetPool& command);
  void apply(Step& step, StartDtls& command);
  void apply(Step& step, StartSctp& command);
  void apply(Step& step, StopSctp& command);
  void apply(Step& step, OpenChannel& command);
  void apply(Step& step, SendMessage& command);
  void apply(Step& step, CloseChannel& command);
  void apply(Step& step, Consumed& command);
  void apply(Step& step, Close& command);

  void hear(Step& step);
  void onStun(Step& step, const Bases::Arrival& arrival);
  void sendOn(Step& step, const ice::Path& path, Packet packet) override;

  // session_pool.cc
  std::size_t poolSize() const;
  void resizePool(Step& step, std::size_t wanted);
  Discovery* nextPooled() const;

  // session_gathering.cc
  void gather(Step& step, TransportId transport, const ice::Credentials& local);
  Discovery& discover(TransportId id);
  void forget(Step& step, TransportId id);  // with all that it stands on
  void drainDiscovery(Step& step, Discovery& discovery);
  void onFound(Step& step, Discovery& from, const Discovery::HostFound& event);
  void onFound(Step& step, Discovery& from, const Discovery::HostGone& event);
  void onFound(Step& step, Discovery& from, const Discovery::TcpFound& event);
  void onFound(Step& step, Discovery& from, const Discovery::TcpGone& event);
  void onFound(Step& step, Discovery& from, const Discovery::ReflexiveFound& event);
  void onFound(Step& step, Discovery& from, const Discovery::RelayFound& event);
  void onFound(Step& step, Discovery& from, const Discovery::RelayGone& event);
  void onFound(Step& step, Discovery& from, const Discovery::ServerFailed& event);
  void onFound(Step& step, Discovery& from, const Discovery::Ended& event);
  struct Origin {
    std::optional<ice::CandidateId> base = {};
    std::optional<IpAddress> server = {};
    std::string url = {};
    std::optional<IceServer::Transport> relayTransport = {};
    bool isTold = true;
  };
  std::optional<ice::CandidateId> addCandidate(Step& step, TransportId transport,
                                               ice::Candidate candidate, const Origin& origin);
  void giveBack(Step& step, std::vector<std::unique_ptr<Relay>> relays);

  // session_mux.cc
  void nameFragments(Step& step, TransportId transport, std::vector<std::string> fragments);
  bool mayTake(const Bases::Arrival& arrival, const stun::MessageView& message) const;
  void routeIfKnown(Step& step, const Bases::Arrival& arrival);
  void unrouteAll(TransportId transport);
  void dropFragments(const Base& base);
  Host::Guest& guest() override { return *this; }
  void takeStream(Step& step, TransportId transport, const IpAddress& local,
                  std::unique_ptr<FramedStream> stream) override;
  void expectAnswer(const ice::Path& path, Bytes packet);

  void drain(Step& step);
  void drainIce(Step& step);
  void drainDtls(Step& step, Transport& transport);
  void onIce(Step& step, const ice::StateChanged& event);
  void onIce(Step& step, const ice::PathValidated& event);
  void onIce(Step& step, const ice::PathSelected& event);
  void onIce(Step&, const ice::PeerReflexiveFound&) {}
  void onIce(Step& step, const ice::RoleChanged& event);
  void onIce(Step& step, const ice::Retired& event);
  void leaveTail(Step& step, Transport& transport);

  Transport* find(TransportId id) const;
  Discovery* discoveryOf(TransportId id) const;
  std::optional<ice::Candidate> remoteAt(TransportId transport, ice::Protocol protocol,
                                         const Address& address) const;
  bool isOnDataTransport(const Transport& transport) const;

  Host& host_;
  dtls::Context::Shared context_;
  std::shared_ptr<Trust> trust_;
  Config config_;
  Listener* listener_;
  ice::Agent agent_;
  Bases bases_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<std::unique_ptr<Discovery>> discoveries_;  // one of each transport, and the pool
  NameBook names_;                                       // of remote candidates
  OwnNames ownNames_;
  DataPlane data_;
  std::vector<Event> events_;
  Timer flushed_;  // runs while the session goes on after its close
  bool closed_ = false;
};

}  // namespace parley::session
