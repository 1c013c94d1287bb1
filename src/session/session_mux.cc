// Of the session: its shares of ports that others use, too.

#include <string>
#include <vector>

#include "session/session.h"
#include "session/udp_mux.h"

namespace parley::session {

// Requests that name these fragments are ours. They are random; where another session has one of
// them all the same, a socket that is new is given up, and one in use keeps those it has.
void Session::nameFragments(Step& step, TransportId transport, std::vector<std::string> fragments) {
  if (TcpMux* tcp = muxOn(host_, config_.gather.tcpMux)) tcp->name(*this, transport, fragments);
  UdpMux* mux = muxOn(host_, config_.gather.mux);
  if (!mux) return;
  bases_.remove([&](const Base& base) {
    const bool isOurs = base.socket.isShared && !base.tcp && base.transport == transport;
    if (!isOurs || mux->name(base.id(), fragments)) return false;
    PARLEY_TRACE(step, Topic::session, "fragment_taken", {"socket", base.id().value});
    return base.candidate == ice::CandidateId{};
  });
}

// Before a message reaches the agent. False: it is for somebody else.
bool Session::mayTake(const Bases::Arrival& arrival, const stun::MessageView& message) const {
  UdpMux* mux = muxOn(host_, config_.gather.mux);
  return !mux || !mux->isForAnother(arrival.socket, message);
}

// After it: an address that has proved itself leads here from now on.
void Session::routeIfKnown(Step& step, const Bases::Arrival& arrival) {
  const Base* base = bases_.find(arrival.path.local);
  if (!base || !(base->socket.isShared || base->tcp) || !agent_.isKnown(arrival.path)) return;
  if (base->tcp)
    base->tcp->prove(step, arrival.path.remote);
  else
    host_.route(arrival.socket, arrival.path.remote);
}

// Before it leaves: its answer may come before anything else from there.
void Session::expectAnswer(const ice::Path& path, Bytes packet) {
  const Base* base = bases_.find(path.local);
  if (!base || !base->socket.isShared || base->tcp) return;
  if (UdpMux* mux = muxOn(host_, config_.gather.mux)) mux->expect(base->id(), path.remote, packet);
}

// A tail answers no STUN; the routes stay with it.
void Session::dropFragments(const Base& base) {
  UdpMux* mux = muxOn(host_, config_.gather.mux);
  if (mux && base.socket.isShared && !base.tcp) mux->name(base.id(), {});
}

void Session::unrouteAll(TransportId transport) {
  for (const auto& base : bases_.all())
    if (base->socket.isShared && !base->tcp && base->transport == transport)
      host_.unroute(base->id());
}

// A stream of the TCP mux whose first check names us.
void Session::takeStream(Step& step, TransportId transport, const IpAddress& local,
                         std::unique_ptr<FramedStream> stream) {
  const TraceScope scope(step.trace, config_.subject);
  if (bases_.take(step, transport, local, std::move(stream))) hear(step);
}

}  // namespace parley::session
