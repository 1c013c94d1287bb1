// Candidates: from what Discovery finds to what the agent checks and the application is told.

#include <algorithm>
#include <array>
#include <utility>

#include "core/planted.h"
#include "ice/names.h"
#include "session/relay_tail.h"
#include "session/session.h"

namespace parley::session {
namespace {

ice::TransportIndex indexOf(TransportId id) { return {id.value}; }

// What takes longer to speak through stands below: UDP, then DTLS, TCP, and TLS.
unsigned rankOf(const Relay& relay) {
  using enum IceServer::Transport;
  constexpr unsigned kBelow = 64;
  constexpr std::array kOrder{udp, dtls, tcp, tls};
  const auto* place = std::ranges::find(kOrder, relay.place().server.transport);
  return relay.place().rank + kBelow * static_cast<unsigned>(place - kOrder.begin());
}

}  // namespace

void Session::gather(Step& step, TransportId transport, const ice::Credentials& local) {
  if (Discovery* known = discoveryOf(transport)) return known->begin(step, local.ufrag);
  if (Discovery* pooled = nextPooled()) return pooled->adopt(step, transport, local.ufrag);
  discover(transport).begin(step, local.ufrag);
}

Discovery& Session::discover(TransportId id) {
  return *discoveries_.emplace_back(
      std::make_unique<Discovery>(host_, *this, id, bases_, config_.gather, *trust_));
}

void Session::forget(Step& step, TransportId id) {
  std::erase_if(discoveries_, [&](const auto& each) { return each->transport() == id; });
  giveBack(step, bases_.remove([&](const Base& base) { return base.transport == id; }));
}

void Session::onInterfacesChanged(Step& step) {
  const TraceScope scope(step.trace, config_.subject);
  for (const auto& discovery : discoveries_) discovery->onInterfacesChanged(step);
}

void Session::drainDiscovery(Step& step, Discovery& discovery) {
  discovery.settle(step);
  while (auto event = discovery.nextEvent())
    std::visit([&](const auto& any) { onFound(step, discovery, any); }, *event);
}

void Session::onFound(Step& step, Discovery& from, const Discovery::HostFound& event) {
  Base* base = bases_.find(event.base);
  if (!base) return;
  ice::Candidate candidate;
  candidate.type = ice::CandidateType::host;
  candidate.address = base->socket.announced;
  candidate.priority = ice::candidatePriority(
      candidate.type, ice::localPreference(base->socket.local.ip.family(), base->socket.rank), 1);
  if (const auto id = addCandidate(step, from.transport(), std::move(candidate), {}))
    base->candidate = *id;
}

void Session::onFound(Step& step, Discovery&, const Discovery::HostGone& event) {
  const Base* base = bases_.find(event.base);
  if (!base) return;
  dropFragments(*base);
  if (base->candidate != ice::CandidateId{}) agent_.removeLocal(step, base->candidate);
  giveBack(step, bases_.remove([&](const Base& each) { return each.id() == event.base; }));
}

void Session::onFound(Step& step, Discovery& from, const Discovery::TcpFound& event) {
  Base* base = bases_.find(from.transport(), event.place);
  if (!base) return;
  ice::Candidate candidate;
  candidate.type = ice::CandidateType::host;
  candidate.protocol = ice::Protocol::tcp;
  candidate.tcpType = event.place.type;
  candidate.address = base->socket.announced;
  candidate.priority = ice::candidatePriority(
      candidate.type, candidate.protocol,
      ice::localPreference(candidate.tcpType, event.place.local.family(), base->socket.rank), 1);
  const bool isTold =
      config_.gather.tcp == TcpGathering::all || event.place.type == ice::TcpType::passive;
  if (const auto id =
          addCandidate(step, from.transport(), std::move(candidate), {.isTold = isTold}))
    base->candidate = *id;
}

void Session::onFound(Step& step, Discovery& from, const Discovery::TcpGone& event) {
  const Base* base = bases_.find(from.transport(), event.place);
  if (!base) return;
  if (base->candidate != ice::CandidateId{}) agent_.removeLocal(step, base->candidate);
  bases_.remove([&](const Base& each) { return &each == base; });
}

void Session::onFound(Step& step, Discovery& from, const Discovery::ReflexiveFound& event) {
  const Base* base = bases_.find(event.base);
  if (!base || event.mapped == base->socket.announced) return;  // RFC 8445 5.1.3: redundant
  ice::Candidate candidate;
  candidate.type = ice::CandidateType::serverReflexive;
  candidate.address = event.mapped;
  candidate.related = base->socket.announced;
  candidate.priority = ice::candidatePriority(
      candidate.type, ice::localPreference(base->socket.local.ip.family(), base->socket.rank), 1);
  addCandidate(step, from.transport(), std::move(candidate),
               {.base = base->candidate, .server = event.server.ip, .url = event.url});
}

void Session::onFound(Step& step, Discovery& from, const Discovery::RelayFound& event) {
  Base* base = bases_.find(event.base);
  if (!base || !base->relay) return;
  const IceServer& server = base->relay->place().server;
  ice::Candidate candidate;
  candidate.type = ice::CandidateType::relayed;
  candidate.address = event.relayed;
  candidate.related = config_.gather.relayOnly && !isPlanted(PlantedBug::relayTellsBase)
                          ? hidden(event.mapped)
                          : event.mapped;
  candidate.priority = ice::candidatePriority(
      candidate.type, ice::localPreference(event.relayed.ip.family(), rankOf(*base->relay)), 1);
  if (const auto id = addCandidate(step, from.transport(), std::move(candidate),
                                   {.server = base->relay->place().address.ip,
                                    .url = server.url,
                                    .relayTransport = server.transport}))
    base->candidate = *id;
}

void Session::onFound(Step& step, Discovery&, const Discovery::RelayGone& event) {
  if (const Base* base = bases_.find(event.base); base && base->candidate != ice::CandidateId{})
    agent_.removeLocal(step, base->candidate);
  giveBack(step, bases_.remove([&](const Base& base) { return base.id() == event.base; }));
}

void Session::onFound(Step& step, Discovery& from, const Discovery::ServerFailed& event) {
  PARLEY_TRACE(step, Topic::session, "server_failed", {"transport", from.transport().value},
               {"code", event.code}, {"trigger", event.text});
  events_.push_back(
      CandidateError{from.transport(), event.local, event.url, event.code, event.text});
}

void Session::onFound(Step& step, Discovery& from, const Discovery::Ended& event) {
  agent_.endOfLocals(step, indexOf(from.transport()));
  PARLEY_TRACE(step, Topic::session, "gathering_ended", {"transport", from.transport().value});
  events_.push_back(GatheringEnded{from.transport(), event.ufrag});
}

std::optional<ice::CandidateId> Session::addCandidate(Step& step, TransportId transport,
                                                      ice::Candidate candidate,
                                                      const Origin& origin) {
  const ice::Credentials* local = agent_.localCredentials(indexOf(transport));
  if (!local) return std::nullopt;
  candidate.usernameFragment = local->ufrag;
  const bool mayBeTold = ownNames_.cover(candidate) && origin.isTold;
  if (!mayBeTold && candidate.type == ice::CandidateType::serverReflexive) return std::nullopt;
  const Address address = candidate.address;
  const auto type = candidate.type;
  const std::size_t before = agent_.locals(indexOf(transport)).size();
  const auto id =
      agent_.addLocal(step, indexOf(transport), std::move(candidate), origin.base, origin.server);
  if (!id) return std::nullopt;
  // One that two servers told of is told once.
  if (agent_.locals(indexOf(transport)).size() == before) return *id;
  PARLEY_TRACE(step, Topic::ice, "candidate_added", {"candidate", id->value},
               {"type", ice::nameOf(type)}, {"side", "local"},
               {"address", address.toString(), Field::Kind::secret});
  if (const ice::Candidate* added = agent_.local(*id); added && mayBeTold)
    events_.push_back(
        CandidateFound{transport, ownNames_.shown(*added), origin.url, origin.relayTransport});
  return *id;
}

void Session::giveBack(Step& step, std::vector<std::unique_ptr<Relay>> relays) {
  for (auto& relay : relays)
    RelayTail::leave(host_, step, std::move(relay), config_.tail, config_.subject);
}

}  // namespace parley::session
