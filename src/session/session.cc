#include "session/session.h"

#include <algorithm>

#include "core/assert.h"
#include "core/limits.h"
#include "core/planted.h"
#include "ice/names.h"
#include "session/demux.h"
#include "session/tail.h"

namespace parley::session {
namespace {

IceState toIceState(ice::State state) {
  switch (state) {
    case ice::State::idle:
      return IceState::new_;
    case ice::State::checking:
      return IceState::checking;
    case ice::State::connected:
      return IceState::connected;
    case ice::State::completed:
      return IceState::completed;
    case ice::State::disconnected:
      return IceState::disconnected;
    case ice::State::failed:
      return IceState::failed;
  }
  return IceState::failed;
}

ice::TransportIndex indexOf(TransportId id) { return {id.value}; }
TransportId idOf(ice::TransportIndex index) { return {index.value}; }

}  // namespace

Session::Session(Host& host, dtls::Context::Shared context, Config config, Listener& listener)
    : host_(host),
      context_(std::move(context)),
      config_(std::move(config)),
      listener_(listener),
      agent_({}, *this),
      names_(host, *this),
      data_(config_) {
  host_.enter(*this);
  Step& step = host_.step();
  const TraceScope scope(step.trace, config_.subject);
  PARLEY_TRACE(step, Topic::session, "connection_started", {"connection", config_.subject});
}

Session::~Session() { close(); }

void Session::execute(Command command) {
  if (closed_) return;
  Step& step = host_.step();
  const TraceScope scope(step.trace, config_.subject);
  std::visit([&](auto& any) { apply(step, any); }, command);
  if (!closed_) host_.touch(*this);
}

// --- commands

void Session::apply(Step& step, CreateTransport& command) {
  if (find(command.id)) return;
  PARLEY_TRACE(step, Topic::session, "transport_created", {"transport", command.id.value},
               {"ufrag", command.local.ufrag, Field::Kind::secret});
  transports_.push_back(std::make_unique<Transport>(command.id, agent_, context_));
  agent_.addTransport(step, indexOf(command.id), command.local);
  gather(step, command.id, command.local);
}

void Session::apply(Step& step, CloseTransport& command) {
  Transport* transport = find(command.id);
  if (!transport) return;
  if (isOnDataTransport(*transport)) {
    data_.fail(step, false, "its transport was closed");
    data_.unroute();
  }
  PARLEY_TRACE(step, Topic::session, "transport_closed", {"transport", command.id.value},
               {"trigger", "no section uses it"});
  transport->sayGoodbye(step);
  agent_.removeTransport(indexOf(command.id));
  names_.forget(command.id);
  closeSockets(command.id);
  std::erase_if(transports_, [&](const auto& each) { return each->id() == command.id; });
}

void Session::apply(Step& step, SetIceRole& command) {
  PARLEY_TRACE(step, Topic::ice, "role_updated",
               {"new", command.controlling ? "controlling" : "controlled"},
               {"trigger", "who offers"});
  agent_.setRole(command.controlling ? ice::Role::controlling : ice::Role::controlled);
}

void Session::apply(Step& step, SetRemoteIce& command) {
  names_.setRemote(command.id, command.remote.ufrag);
  agent_.setRemoteLite(command.lite);
  agent_.setRemoteCredentials(step, indexOf(command.id), std::move(command.remote));
}

void Session::apply(Step& step, AddRemoteCandidate& command) {
  if (names_.take(step, command)) return;
  const auto type = command.candidate.type;
  const Address address = command.candidate.address;
  const auto added = agent_.addRemote(step, indexOf(command.id), std::move(command.candidate));
  if (added)
    PARLEY_TRACE(step, Topic::ice, "candidate_added", {"candidate", added->value},
                 {"type", ice::nameOf(type)}, {"side", "remote"},
                 {"address", address.toString(), Field::Kind::secret});
  else
    PARLEY_TRACE(step, Topic::ice, "candidate_refused", {"type", ice::nameOf(type)},
                 {"side", "remote"}, {"trigger", ice::nameOf(added.error())},
                 {"address", address.toString(), Field::Kind::secret});
}

void Session::apply(Step& step, EndRemoteCandidates& command) {
  if (!names_.take(command)) agent_.endOfRemotes(step, indexOf(command.id));
}

void Session::apply(Step& step, RestartIce& command) {
  if (!find(command.id)) return;
  agent_.restart(step, indexOf(command.id), command.local);
  gather(step, command.id, command.local);
}

void Session::apply(Step& step, CancelIceRestart& command) {
  agent_.cancelRestart(step, indexOf(command.id));
}

void Session::apply(Step&, SetGatherPolicy& command) {
  config_.gather.relayOnly = command.relayOnly;
}

void Session::apply(Step& step, StartDtls& command) {
  if (Transport* transport = find(command.id))
    transport->setDtls(step, command.client, std::move(command.fingerprints));
}

void Session::apply(Step& step, StartSctp& command) {
  Transport* transport = find(command.id);
  if (!transport) return;
  data_.start(step, command, transport->isDtlsClient());
  data_.route(*transport);
  if (transport->isDtlsConnected()) data_.connect(step);
}

void Session::apply(Step& step, StopSctp&) { data_.stop(step); }
void Session::apply(Step& step, OpenChannel& command) { data_.open(step, std::move(command)); }
void Session::apply(Step& step, SendMessage& command) { data_.send(step, std::move(command)); }
void Session::apply(Step& step, CloseChannel& command) { data_.close(step, command); }
void Session::apply(Step& step, Consumed& command) { data_.consumed(step, command); }
void Session::apply(Step&, Close&) { close(); }

// --- candidates

// Tells the candidates of one generation and that there are no more. Sockets are used again, for
// what is selected on them still carries data; those of lost interfaces go when ICE retires them.
void Session::gather(Step& step, TransportId transport, const ice::Credentials& local) {
  std::vector<LocalSocket> held;
  for (const Socket& socket : sockets_)
    if (socket.transport == transport) held.push_back(socket.socket);
  for (const LocalSocket& open : Gatherer(host_, *this, config_.gather).open(step, held)) {
    auto socket = std::ranges::find(sockets_, open.socket,
                                    [](const Socket& each) { return each.socket.socket; });
    if (socket == sockets_.end())
      socket = sockets_.insert(socket, {.socket = open, .transport = transport, .candidate = {}});
    socket->socket.rank = open.rank;
    addCandidate(step, *socket, local);
  }
  agent_.endOfLocals(step, indexOf(transport));
  PARLEY_TRACE(step, Topic::session, "gathering_ended", {"transport", transport.value});
  events_.push_back(GatheringEnded{transport, local.ufrag});
}

void Session::addCandidate(Step& step, Socket& socket, const ice::Credentials& local) {
  ice::Candidate candidate;
  candidate.type = ice::CandidateType::host;
  candidate.address = socket.socket.announced;
  candidate.usernameFragment = local.ufrag;
  candidate.priority = ice::candidatePriority(
      ice::CandidateType::host,
      ice::localPreference(socket.socket.local.ip.family(), socket.socket.rank), 1);
  const auto id = agent_.addLocal(step, indexOf(socket.transport), std::move(candidate));
  if (!id) return;
  socket.candidate = *id;
  PARLEY_TRACE(step, Topic::ice, "candidate_added", {"candidate", id->value}, {"type", "host"},
               {"side", "local"},
               {"address", socket.socket.announced.toString(), Field::Kind::secret});
  if (const ice::Candidate* added = agent_.local(*id))
    events_.push_back(CandidateFound{socket.transport, *added});
}

// --- packets

void Session::onDatagram(Step& step, Datagram datagram) {
  const TraceScope scope(step.trace, config_.subject);
  const auto socket = std::ranges::find(sockets_, datagram.socket,
                                        [](const Socket& each) { return each.socket.socket; });
  if (socket == sockets_.end() || datagram.packet.size() == 0) return;
  const ice::Path from{socket->candidate, datagram.remote};
  const Protocol protocol = protocolOf(datagram.packet.bytes());
  if (protocol == Protocol::stun) {
    agent_.receive(step, from, datagram.packet.bytes());
    return;
  }
  if (protocol != Protocol::dtls) return;  // media comes to sections that were rejected
  Transport* transport = find(socket->transport);
  if (!transport || !transport->receive(step, from, std::move(datagram.packet))) return;
  while (auto plaintext = transport->read())
    if (isOnDataTransport(*transport)) data_.receive(step, plaintext->bytes());
}

void Session::sendOn(Step&, const ice::Path& path, Packet packet) {
  const Socket* socket = find(path.local);
  if (!socket) return;
  host_.send({.socket = socket->socket.socket,
              .local = socket->socket.local,
              .remote = path.remote,
              .packet = std::move(packet)});
}

void Session::onTimer(Step& step) {
  const TraceScope scope(step.trace, config_.subject);
  agent_.onTimer(step);
  for (const auto& transport : transports_) transport->onTimer(step);
  data_.onTimer(step);
}

void Session::onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) {
  const TraceScope scope(step.trace, config_.subject);
  for (Command& command : names_.onResolved(step, request, found))
    std::visit([&](auto& any) { apply(step, any); }, command);
}

// --- the end of a step

void Session::onStepEnd(Step& step) {
  const TraceScope scope(step.trace, config_.subject);
  drain(step);
  Instant due = earliest(agent_.deadline(), data_.deadline());
  for (const auto& transport : transports_) due = earliest(due, transport->deadline());
  host_.wakeAt(*this, due);
  if (!events_.empty()) listener_.onEvents(std::exchange(events_, {}));
}

void Session::drain(Step& step) {
  agent_.flush(step);
  drainIce(step);
  for (const auto& transport : transports_) drainDtls(step, *transport);
  data_.settle(step);
  for (Event& event : data_.takeEvents()) events_.push_back(std::move(event));
}

void Session::drainIce(Step& step) {
  while (auto event = agent_.nextEvent())
    std::visit([&](const auto& any) { onIce(step, any); }, *event);
}

void Session::onIce(Step&, const ice::StateChanged& event) {
  events_.push_back(IceStateChanged{idOf(event.transport), toIceState(event.state)});
}

void Session::onIce(Step& step, const ice::PathValidated& event) {
  if (Transport* transport = find(idOf(event.transport))) transport->onPathValidated(step);
}

void Session::onIce(Step&, const ice::PathSelected& event) {
  const TransportId transport = idOf(event.transport);
  const ice::Candidate* local = agent_.local(event.path.local);
  const auto remote = remoteAt(transport, event.path.remote);
  if (local && remote) events_.push_back(PairSelected{transport, *local, *remote});
}

void Session::onIce(Step&, const ice::RoleChanged& event) {
  events_.push_back(IceRoleChanged{event.role == ice::Role::controlling});
}

void Session::onIce(Step&, const ice::Retired& event) {
  std::erase_if(sockets_, [&](const Socket& socket) {
    if (std::ranges::find(event.bases, socket.candidate) == event.bases.end()) return false;
    host_.close(socket.socket.socket);
    return true;
  });
}

void Session::drainDtls(Step& step, Transport& transport) {
  while (auto change = transport.nextDtlsEvent()) {
    if (isOnDataTransport(transport)) {
      if (change->state == DtlsState::connected) data_.connect(step);
      if (change->state == DtlsState::closed) data_.fail(step, true, "the peer closed DTLS");
      if (change->state == DtlsState::failed) data_.fail(step, false, "DTLS failed");
    }
    events_.push_back(std::move(*change));
  }
}

// --- close

void Session::close() {
  if (closed_) return;
  closed_ = true;
  Step& step = host_.step();
  const TraceScope scope(step.trace, config_.subject);
  PARLEY_TRACE(step, Topic::session, "connection_closed", {"owner", "local"},
               {"trigger", "close()"});
  data_.settle(step);  // what was sent in this step leaves as far as the windows allow
  for (const auto& transport : transports_) transport->beginFarewell();
  if (!isPlanted(PlantedBug::closeIsSilent)) {
    data_.abort(step);
    for (const auto& transport : transports_) transport->sayGoodbye(step);
    leaveTail(step);
  }
  if (!isPlanted(PlantedBug::guestNotLeft)) host_.leave(*this);
}

// One tail per transport that had something to say goodbye to; the sockets that no tail needs go
// when the session leaves the host.
void Session::leaveTail(Step& step) {
  for (const auto& transport : transports_) {
    std::vector<ByteVector> farewell = transport->takeCopies();
    const auto path = agent_.sendPath(transport->index());
    const Socket* socket = path ? find(path->local) : nullptr;
    const bool isWanted = !farewell.empty() && config_.tail > Duration::zero();
    if (!isWanted || !socket || host_.residents() >= limits::loop::kTails) continue;
    auto tail =
        std::make_unique<Tail>(host_, step,
                               Tail::Farewell{.socket = socket->socket.socket,
                                              .local = socket->socket.local,
                                              .remote = path->remote,
                                              .datagrams = std::move(farewell),
                                              .leg = transport->releaseLeg(),
                                              .roundTrip = agent_.roundTrip(transport->index()),
                                              .limit = config_.tail,
                                              .subject = config_.subject});
    Tail& resident = *tail;
    host_.adopt(std::move(tail));
    host_.handOver(socket->socket.socket, resident);
    host_.touch(resident);
  }
}

void Session::closeSockets(TransportId transport) {
  std::erase_if(sockets_, [&](const Socket& socket) {
    if (socket.transport != transport) return false;
    host_.close(socket.socket.socket);
    return true;
  });
}

// --- looking

Host::Guest::Holdings Session::holdings() const {
  std::size_t transactions = 0;
  for (const auto& transport : transports_)
    for (const ice::PairStats& pair : agent_.pairs(transport->index()))
      if (pair.state == ice::PairState::inProgress) ++transactions;
  return {.transactions = transactions, .bytesUnread = data_.bytesUnread()};
}

const char* Session::inconsistency() const {
  const char* found = agent_.inconsistency();
  return found ? found : data_.inconsistency();
}

Transport* Session::find(TransportId id) const {
  const auto found =
      std::ranges::find(transports_, id, [](const auto& each) { return each->id(); });
  return found == transports_.end() ? nullptr : found->get();
}

Session::Socket* Session::find(ice::CandidateId candidate) {
  const auto found = std::ranges::find(sockets_, candidate, &Socket::candidate);
  return found == sockets_.end() ? nullptr : &*found;
}

std::optional<ice::Candidate> Session::remoteAt(TransportId transport,
                                                const Address& address) const {
  for (ice::CandidateStats& remote : agent_.remotes(indexOf(transport)))
    if (remote.candidate.address == address) return std::move(remote.candidate);
  return std::nullopt;
}

bool Session::isOnDataTransport(const Transport& transport) const {
  return data_.isStarted() && data_.transport() == transport.id();
}

}  // namespace parley::session
