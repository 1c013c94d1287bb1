#include "peer/peer_connection.h"

#include <utility>

#include "parley/certificate.h"
#include "parley/tcp_mux.h"
#include "parley/udp_mux.h"
#include "peer/errors.h"
#include "peer/ice_server.h"
#include "peer/settings.h"

namespace parley::peer {
namespace {

jsep::BundlePolicy policyOf(RTCBundlePolicy policy) {
  switch (policy) {
    case RTCBundlePolicy::balanced:
      return jsep::BundlePolicy::balanced;
    case RTCBundlePolicy::maxCompat:
      return jsep::BundlePolicy::maxCompat;
    case RTCBundlePolicy::maxBundle:
      return jsep::BundlePolicy::maxBundle;
  }
  return jsep::BundlePolicy::balanced;
}

jsep::Config jsepConfig(Realm& realm, const RTCConfiguration& configuration, const Tuning& tuning) {
  jsep::Config config;
  std::uint64_t& id = config.sessionId;
  realm.fillSecrets({reinterpret_cast<std::uint8_t*>(&id), sizeof id});
  config.bundlePolicy = policyOf(configuration.bundlePolicy);
  config.maxMessageSize = tuning.maxMessageSize;
  config.iceLite = tuning.iceLite;
  return config;
}

// What the engine tells of one transport's pair and state belongs into one task.
bool belongTogether(const session::Event& first, const session::Event& second) {
  const auto* state = std::get_if<session::IceStateChanged>(&first);
  const auto* pair = std::get_if<session::PairSelected>(&second);
  if (!state || !pair) {
    state = std::get_if<session::IceStateChanged>(&second);
    pair = std::get_if<session::PairSelected>(&first);
  }
  return state && pair && state->id == pair->id;
}

// Several reports of bytes sent on one channel are one.
bool merge(session::Event& into, const session::Event& from) {
  auto* first = std::get_if<session::ChannelEvent>(&into);
  const auto* second = std::get_if<session::ChannelEvent>(&from);
  auto* sum = first ? std::get_if<channel::BytesSent>(&first->event) : nullptr;
  const auto* more = second ? std::get_if<channel::BytesSent>(&second->event) : nullptr;
  if (!sum || !more || sum->channel != more->channel) return false;
  sum->count += more->count;
  return true;
}

}  // namespace

std::shared_ptr<PeerConnection> PeerConnection::create(RTCPeerConnection* facade,
                                                       std::shared_ptr<Realm> realm,
                                                       RTCConfiguration configuration,
                                                       Tuning tuning) {
  requireUnexpired(configuration, realm->wallMicros());
  validate(tuning);
  auto connection = std::make_shared<PeerConnection>(
      facade, std::move(realm), validated(std::move(configuration)), std::move(tuning));
  connection->start();
  return connection;
}

PeerConnection::PeerConnection(RTCPeerConnection* facade, std::shared_ptr<Realm> realm,
                               RTCConfiguration configuration, Tuning tuning)
    : context_(std::move(realm), facade),
      configuration_(std::move(configuration)),
      tuning_(std::move(tuning)),
      identity_(requireIdentity()),
      negotiation_(jsepConfig(*context_.realm, configuration_, tuning_)),
      transports_(context_, negotiation_, tuning_.sendBufferPerChannel),
      channels_(context_, transports_,
                {tuning_.sendBufferPerChannel, tuning_.sendBufferPerConnection}),
      negotiator_(context_, negotiation_, transports_, channels_, identity_) {}

PeerConnection::~PeerConnection() = default;

void PeerConnection::start() {
  const auto self = shared_from_this();
  context_.tasks.start(std::shared_ptr<Tasks>(self, &context_.tasks));
  // Opened when it is needed first, so that setConfiguration may still say how.
  const auto mux = tuning_.udpMux ? tuning_.udpMux->handle() : nullptr;
  const auto tcpMux = tuning_.tcpMux ? tuning_.tcpMux->handle() : nullptr;
  context_.openSession = [this, mux, tcpMux] {
    session::Config config = sessionConfig(configuration_, tuning_, identity_);
    config.gather.mux = mux;
    config.gather.tcpMux = tcpMux;
    config.subject = context_.subject;
    return context_.realm->openSession(std::move(config),
                                       std::weak_ptr<session::Port::Listener>(weak_from_this()));
  };
  transports_.setGathering(configuration_.iceTransportPolicy == RTCIceTransportPolicy::relay,
                           takenApart(configuration_.iceServers));
  transports_.setPool(configuration_.iceCandidatePoolSize);
}

std::shared_ptr<const crypto::Identity> PeerConnection::requireIdentity() const {
  if (!configuration_.certificates.empty()) return configuration_.certificates.front()->identity();
  auto identity = context_.realm->identity();
  if (!identity) throw operationError("the key of the connection could not be made");
  return identity;
}

std::shared_ptr<RTCDataChannel> PeerConnection::createDataChannel(const std::string& label,
                                                                  RTCDataChannelInit init) {
  if (isClosed_) throw closedError();
  const bool isFirst = !channels_.wasAnyCreated();
  auto channel = channels_.create(label, std::move(init));
  if (isFirst) negotiator_.needDataChannels();
  return channel;
}

void PeerConnection::setConfiguration(RTCConfiguration configuration) {
  if (isClosed_) throw closedError();
  requireModifiable(configuration_, configuration, negotiator_.wasLocalSet());
  configuration = validated(std::move(configuration));
  if (needsIceRestart(configuration_, configuration)) negotiator_.restartAtNextOffer();
  const bool isOtherPool =
      configuration_.iceCandidatePoolSize != configuration.iceCandidatePoolSize;
  configuration_ = std::move(configuration);
  transports_.setGathering(configuration_.iceTransportPolicy == RTCIceTransportPolicy::relay,
                           takenApart(configuration_.iceServers));
  if (isOtherPool) transports_.setPool(configuration_.iceCandidatePoolSize);
}

// --- events of the session

void PeerConnection::onSession(std::vector<session::Event> events) {
  if (isClosed_) return;
  for (std::size_t i = 0; i < events.size(); ++i) {
    while (i + 1 < events.size() && merge(events[i + 1], events[i])) ++i;
    if (i + 1 < events.size() && belongTogether(events[i], events[i + 1])) {
      context_.tasks.queue([this, one = events[i], two = events[i + 1]] {
        const auto* state = std::get_if<session::IceStateChanged>(&one);
        const auto* pair = std::get_if<session::PairSelected>(&one);
        transports_.on(state ? state : std::get_if<session::IceStateChanged>(&two),
                       pair ? pair : std::get_if<session::PairSelected>(&two));
      });
      ++i;
    } else {
      queue(std::move(events[i]));
    }
  }
}

void PeerConnection::queue(session::Event event) {
  struct Router {
    PeerConnection& self;
    void operator()(session::CandidateFound& event) { self.transports_.on(std::move(event)); }
    void operator()(session::CandidateError& event) { self.transports_.on(std::move(event)); }
    void operator()(session::GatheringEnded& event) { self.transports_.on(event); }
    void operator()(session::IceStateChanged& event) { self.transports_.on(&event, nullptr); }
    void operator()(session::PairSelected& event) { self.transports_.on(nullptr, &event); }
    void operator()(session::IceRoleChanged& event) { self.transports_.on(event); }
    void operator()(session::DtlsStateChanged& event) { self.transports_.on(std::move(event)); }
    void operator()(session::SctpStateChanged& event) {
      if (event.association != self.transports_.associationNumber()) return;  // of one that ended
      if (event.state == session::SctpState::connected) {
        self.channels_.onConnected(event.channelsMax);
        return self.transports_.onSctpConnected(event.channelsMax);
      }
      self.channels_.onAssociationClosed(event);
      self.transports_.onSctpClosed();
    }
    void operator()(session::ChannelEvent& event) { self.channels_.on(std::move(event.event)); }
  };
  context_.tasks.queue(
      [this, event = std::move(event)]() mutable { std::visit(Router{*this}, event); });
}

// --- close

// webrtc-pc 4.4.2, "close the connection". Nothing of the user's runs in here: callables and
// promises that are dropped are destroyed when all states are what they must be.
void PeerConnection::close(Duration flush, std::function<void()> flushed) {
  if (std::exchange(isClosed_, true)) return;
  context_.trace("connection_closed", {{"trigger", "close()"}});
  const auto self = shared_from_this();
  Graves graves;
  context_.openSession = nullptr;
  context_.tasks.end();
  channels_.close(graves);
  transports_.close(graves);
  if (RTCPeerConnection* facade = context_.facade)
    graves.bury(facade->onnegotiationneeded, facade->onicecandidate, facade->onicecandidateerror,
                facade->onsignalingstatechange, facade->oniceconnectionstatechange,
                facade->onicegatheringstatechange, facade->onconnectionstatechange,
                facade->ondatachannel);
  if (const auto session = std::move(context_.session))
    session->execute(session::Close{flush, std::move(flushed)});
  else if (flushed && flush > Duration::zero())
    context_.realm->queueTask(std::move(flushed));
  negotiator_.close();
}

void PeerConnection::closeForGood() {
  close();
  context_.facade = nullptr;
}

}  // namespace parley::peer
