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

Session::Session(Host& host, dtls::Context::Shared context, Config config, Listener& listener,
                 std::shared_ptr<Trust> trust)
    : host_(host),
      context_(std::move(context)),
      trust_(trust ? std::move(trust) : std::make_shared<Trust>()),
      config_(std::move(config)),
      listener_(&listener),
      agent_({.lite = config_.iceLite}, *this),
      bases_(host_),
      names_(host, *this),
      ownNames_(host_, *this, config_.gather),
      data_(config_) {
  host_.enter(*this);
  if (config_.iceLite) config_.gather.servers.clear();  // RFC 8445 5.2: host candidates only
  config_.gather.onlyListens = config_.iceLite;         // RFC 6544: lite ones listen
  if (config_.gather.gatherContinually) host_.watchInterfaces(*this);
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
  nameFragments(step, command.id, {command.local.ufrag});
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
  nameFragments(step, command.id, {});
  names_.forget(command.id);
  forget(step, command.id);
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
  if (Discovery* discovery = discoveryOf(command.id);
      discovery && command.candidate.tcpType == ice::TcpType::passive)
    discovery->onPeerListens(step);
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
  const ice::Credentials* before = agent_.localCredentials(indexOf(command.id));
  if (!find(command.id) || !before) return;
  std::vector<std::string> fragments{before->ufrag, command.local.ufrag};
  agent_.restart(step, indexOf(command.id), command.local);
  gather(step, command.id, command.local);
  nameFragments(step, command.id, std::move(fragments));
}

void Session::apply(Step& step, CancelIceRestart& command) {
  agent_.cancelRestart(step, indexOf(command.id));
  if (const ice::Credentials* local = agent_.localCredentials(indexOf(command.id)))
    nameFragments(step, command.id, {local->ufrag});
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
void Session::apply(Step&, Close&) { close(); }  // flush() is for who owns the session

// --- packets

void Session::onDatagram(Step& step, Datagram datagram) {
  const TraceScope scope(step.trace, config_.subject);
  if (bases_.receive(step, std::move(datagram))) hear(step);
}

void Session::onStreamOpened(Step& step, SocketId stream, const Address& local) {
  const TraceScope scope(step.trace, config_.subject);
  bases_.streamOpened(step, stream, local);
}

void Session::onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address&,
                               const Address& remote) {
  const TraceScope scope(step.trace, config_.subject);
  bases_.accept(step, listener, stream, remote);
}

void Session::onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) {
  const TraceScope scope(step.trace, config_.subject);
  bases_.receive(step, stream, bytes);
  hear(step);
}

void Session::onStreamClosed(Step& step, SocketId stream, StreamEnd reason) {
  const TraceScope scope(step.trace, config_.subject);
  bases_.streamClosed(step, stream, reason);
}

void Session::hear(Step& step) {
  while (auto arrival = bases_.nextArrival(step)) {
    const Protocol protocol = protocolOf(arrival->packet.bytes());
    if (protocol == Protocol::stun) onStun(step, *arrival);
    if (protocol != Protocol::dtls) continue;  // media comes to sections that were rejected
    Transport* transport = find(arrival->transport);
    if (!transport || !transport->receive(step, arrival->path, std::move(arrival->packet)))
      continue;
    while (auto plaintext = transport->read())
      if (isOnDataTransport(*transport)) data_.receive(step, plaintext->bytes());
  }
}

// Answers of STUN servers come to the same sockets as those of the peer.
void Session::onStun(Step& step, const Bases::Arrival& arrival) {
  const auto message = stun::MessageView::parse(arrival.packet.bytes());
  if (!message) {
    agent_.receive(step, arrival.path, arrival.packet.bytes());  // which counts it
    return;
  }
  Discovery* discovery = discoveryOf(arrival.transport);
  const bool isResponse = message->messageClass() == stun::Class::success ||
                          message->messageClass() == stun::Class::error;
  const Address& remote = arrival.path.remote;
  if (isResponse && discovery && discovery->receive(step, arrival.socket, remote, *message)) return;
  if (!find(arrival.transport) || !mayTake(arrival, *message)) return;
  agent_.receive(step, arrival.path, *message);
  routeIfKnown(step, arrival);
}

void Session::sendOn(Step& step, const ice::Path& path, Packet packet) {
  expectAnswer(path, packet.bytes());
  bases_.send(step, path, std::move(packet));
}

void Session::onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) {
  const TraceScope scope(step.trace, config_.subject);
  for (const auto& discovery : discoveries_)
    if (discovery->onResolved(step, request, found)) return;
  for (Command& command : names_.onResolved(step, request, found))
    std::visit([&](auto& any) { apply(step, any); }, command);
}

void Session::onTimer(Step& step) {
  const TraceScope scope(step.trace, config_.subject);
  bases_.onTimer(step);
  for (const auto& discovery : discoveries_) discovery->onTimer(step);
  agent_.onTimer(step);
  for (const auto& transport : transports_) transport->onTimer(step);
  data_.onTimer(step);
}

// --- the end of a step

void Session::onStepEnd(Step& step) {
  const TraceScope scope(step.trace, config_.subject);
  drain(step);
  ownNames_.keepOnly(bases_);
  Instant due = earliest(earliest(agent_.deadline(), data_.deadline()), bases_.deadline());
  for (const auto& discovery : discoveries_) due = earliest(due, discovery->deadline());
  for (const auto& transport : transports_) due = earliest(due, transport->deadline());
  if (flushed_.isRunning() && (data_.isEnded() || flushed_.expire(step.now))) return close();
  host_.wakeAt(*this, earliest(due, flushed_.due()));
  if (!events_.empty()) listener_->onEvents(std::exchange(events_, {}));
}

void Session::drain(Step& step) {
  for (const auto& discovery : discoveries_) drainDiscovery(step, *discovery);
  while (const auto lost = bases_.nextLost()) agent_.pathLost(step, *lost);
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
  if (event.state == ice::State::failed) unrouteAll(idOf(event.transport));
  events_.push_back(IceStateChanged{idOf(event.transport), toIceState(event.state)});
}

void Session::onIce(Step& step, const ice::PathValidated& event) {
  if (Transport* transport = find(idOf(event.transport))) transport->onPathValidated(step);
}

void Session::onIce(Step& step, const ice::PathSelected& event) {
  const TransportId transport = idOf(event.transport);
  const Base* base = bases_.find(event.path.local);
  if (base && base->relay) base->relay->bindChannel(step, event.path.remote);
  if (Discovery* discovery = discoveryOf(transport)) discovery->onConnected();
  const ice::Candidate* local = agent_.local(event.path.local);
  const auto remote =
      local ? remoteAt(transport, local->protocol, event.path.remote) : std::nullopt;
  if (remote) events_.push_back(PairSelected{transport, ownNames_.shown(*local), *remote});
}

void Session::onIce(Step&, const ice::RoleChanged& event) {
  events_.push_back(IceRoleChanged{event.role == ice::Role::controlling});
}

// A restart that replaces one taken back may still be asking for what that one had.
void Session::onIce(Step& step, const ice::Retired& event) {
  const auto isRetired = [&](const Base& base) {
    return std::ranges::find(event.bases, base.candidate) != event.bases.end();
  };
  for (const auto& base : bases_.all()) {
    const Discovery* discovery = discoveryOf(base->transport);
    if (isRetired(*base) && discovery && discovery->isKeeping(base->id())) base->candidate = {};
  }
  giveBack(step, bases_.remove(isRetired));
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

bool Session::flush(Listener& heir, Duration limit) {
  if (closed_ || host_.residents() >= limits::loop::kTails) return false;
  Step& step = host_.step();
  const TraceScope scope(step.trace, config_.subject);
  data_.settle(step);
  if (!data_.shutdown(step)) return false;
  PARLEY_TRACE(step, Topic::session, "connection_flushing", {"owner", "local"});
  resizePool(step, 0);
  listener_ = &heir;
  events_.clear();
  flushed_.start(step.now, std::min(limit, limits::loop::kFlush));
  host_.touch(*this);
  return true;
}

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
    for (const auto& transport : transports_) leaveTail(step, *transport);
    if (!isPlanted(PlantedBug::relayNotLeft))
      giveBack(step, bases_.remove([](const Base& base) { return base.relay != nullptr; }));
  }
  if (TcpMux* mux = muxOn(host_, config_.gather.tcpMux)) mux->forget(*this);
  listener_->onClosed(*this);
  if (!isPlanted(PlantedBug::guestNotLeft)) host_.leave(*this);
}

// A tail for a transport that had something to say goodbye to; the sockets that no tail needs go
// when the session leaves the host.
void Session::leaveTail(Step& step, Transport& transport) {
  std::vector<ByteVector> farewell = transport.takeCopies();
  const auto path = agent_.sendPath(transport.index());
  Base* base = path ? bases_.find(path->local) : nullptr;
  const bool isWanted = !farewell.empty() && config_.tail > Duration::zero();
  if (!isWanted || !base || host_.residents() >= limits::loop::kTails) return;
  std::unique_ptr<FramedStream> stream = base->tcp ? base->tcp->release(path->remote) : nullptr;
  if (base->tcp && !stream) return;
  const SocketId socket = stream ? stream->id() : base->id();
  dropFragments(*base);
  auto tail =
      std::make_unique<Tail>(host_, step,
                             Tail::Farewell{.socket = socket,
                                            .local = base->socket.local,
                                            .remote = path->remote,
                                            .relay = std::move(base->relay),
                                            .stream = std::move(stream),
                                            .datagrams = std::move(farewell),
                                            .leg = transport.releaseLeg(),
                                            .roundTrip = agent_.roundTrip(transport.index()),
                                            .limit = config_.tail,
                                            .subject = config_.subject});
  Tail& resident = *tail;
  host_.adopt(std::move(tail));
  host_.handOver(socket, resident);
  host_.touch(resident);
}

// --- looking

Host::Guest::Holdings Session::holdings() const {
  Holdings holdings = holdingsOf(bases_.held());
  for (const auto& discovery : discoveries_) holdings.transactions += discovery->transactions();
  for (const auto& transport : transports_)
    for (const ice::PairStats& pair : agent_.pairs(transport->index()))
      if (pair.state == ice::PairState::inProgress) ++holdings.transactions;
  holdings.bytesUnread = data_.bytesUnread();
  return holdings;
}

const char* Session::inconsistency() const {
  const char* found = agent_.inconsistency();
  if (!found) found = bases_.inconsistency();
  return found ? found : data_.inconsistency();
}

Transport* Session::find(TransportId id) const {
  const auto found =
      std::ranges::find(transports_, id, [](const auto& each) { return each->id(); });
  return found == transports_.end() ? nullptr : found->get();
}

Discovery* Session::discoveryOf(TransportId id) const {
  const auto found =
      std::ranges::find(discoveries_, id, [](const auto& each) { return each->transport(); });
  return found == discoveries_.end() ? nullptr : found->get();
}

std::optional<ice::Candidate> Session::remoteAt(TransportId transport, ice::Protocol protocol,
                                                const Address& address) const {
  for (ice::CandidateStats& remote : agent_.remotes(indexOf(transport)))
    if (remote.candidate.address == address && remote.candidate.protocol == protocol)
      return std::move(remote.candidate);
  return std::nullopt;
}

bool Session::isOnDataTransport(const Transport& transport) const {
  return data_.isStarted() && data_.transport() == transport.id();
}

}  // namespace parley::session
