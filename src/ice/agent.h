#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/step.h"
#include "ice/candidate.h"
#include "ice/config.h"
#include "ice/credentials.h"
#include "ice/events.h"
#include "ice/path.h"
#include "ice/stats.h"
#include "stun/message.h"

namespace parley::ice {

class Transport;
struct Shared;

// The ICE agent of one peer: role, pacing and tie-breaker are shared, and every transport has a
// check list of its own (RFC 8445). It pairs, checks, nominates, keeps consent and survives
// restarts. It gathers nothing, resolves no names and knows no sockets: the owner adds candidates
// and carries packets along a Path.
//
// Answers leave from receive(); checks leave from flush(), so that all candidates added in one
// step are weighed together. The first check of an idle agent leaves in the same step.
class Agent {
 public:
  Agent(Config config, PathSink& lower);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Both sides of a session. Changing the role after checks began is for JSEP's lite and restart
  // rules only; conflicts are settled inside (RFC 8445 7.3.1.1).
  void setRole(Role role);
  void setRemoteLite(bool lite);  // who is full controls the other; two lite ones never connect

  void addTransport(Step& step, TransportIndex transport, Credentials local);
  void removeTransport(TransportIndex transport);

  // Starts a new generation of candidates with these credentials of ours. The selected pair of
  // the old one carries data, with its consent kept fresh, until the new one has a selected pair;
  // then Retired tells which bases are no longer needed.
  void restart(Step& step, TransportIndex transport, Credentials local);
  // The restart is taken back before the peer's new credentials came (JSEP rollback): the
  // generation it was to replace is the current one again, with all it had found.
  void cancelRestart(Step& step, TransportIndex transport);

  // A host or relayed candidate is its own base. A server-reflexive one names the base it was
  // learned from; it is never sent from, and its pairs fold into those of the base (RFC 8445
  // 6.1.2.4). Missing priority and foundation are filled in: read them back with local(). The
  // server that told of a candidate is part of its foundation (RFC 8445 5.1.1.3).
  Result<CandidateId, AddError> addLocal(Step& step, TransportIndex transport, Candidate candidate,
                                         std::optional<CandidateId> base = std::nullopt,
                                         std::optional<IpAddress> server = std::nullopt);
  void removeLocal(Step& step, CandidateId candidate);  // its socket or allocation is gone
  void pathLost(Step& step, const Path& path);          // the connection behind it has ended
  void endOfLocals(Step& step, TransportIndex transport);
  const Candidate* local(CandidateId candidate) const;

  // The peer's side, in any order and at any time; candidates wait for the credentials, which
  // come once per generation: other ones mean that both sides restart.
  void setRemoteCredentials(Step& step, TransportIndex transport, Credentials remote);
  Result<CandidateId, AddError> addRemote(Step& step, TransportIndex transport,
                                          Candidate candidate);
  void endOfRemotes(Step& step, TransportIndex transport);

  // A STUN message that came in on `from`. False when it is a response to no check of ours or no
  // Binding message at all, so that it may be offered to somebody else: gathering shares sockets.
  bool receive(Step& step, const Path& from, const stun::MessageView& message);
  bool receive(Step& step, const Path& from, Bytes datagram);  // counts what is not STUN
  void onTimer(Step& step);
  void flush(Step& step);
  Instant deadline() const;
  std::optional<Event> nextEvent();

  // Sends data where it may go: on the selected pair, before nomination on the best valid one.
  // False, and the packet is gone, while there is none or its consent has expired.
  bool send(Step& step, TransportIndex transport, Packet packet);

  // One packet back along the path that one came in on, wherever data goes otherwise. False, and
  // the packet is gone, where the peer has not proved its password.
  bool answer(Step& step, const Path& path, Packet packet);

  // May data from there be believed? Only where the peer has proved its password, by an
  // authenticated request or by answering one of ours.
  bool isKnown(const Path& path) const;
  void countReceived(Step& step, const Path& path, std::size_t bytes);  // data, not STUN

  Role role() const;
  State state(TransportIndex transport) const;
  std::optional<Path> selected(TransportIndex transport) const;  // nominated
  std::optional<Path> sendPath(TransportIndex transport) const;  // where send() goes now
  std::optional<Duration> roundTrip(TransportIndex transport) const;
  const Credentials* localCredentials(TransportIndex transport) const;
  std::vector<CandidateStats> locals(TransportIndex transport) const;
  std::vector<CandidateStats> remotes(TransportIndex transport) const;
  std::vector<PairStats> pairs(TransportIndex transport) const;
  const AgentStats& stats() const;
  std::size_t memoryUsed() const;     // bytes held, the agent itself included
  const char* inconsistency() const;  // a bound that does not hold, or null; for worlds

 private:
  Transport* find(TransportIndex transport) const;
  Transport* ownerOf(CandidateId base) const;
  void thaw();
  template <class Send>
  bool sendInTurn(Send send);  // transports take turns (RFC 8445 6.1.4.2)
  void sendChecks(Step& step);

  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::size_t lastServed_ = 0;
};

}  // namespace parley::ice
