#include "connection.h"

#include <utility>

#include "certificate.h"
#include "channel.h"
#include "transports.h"

namespace parley::node {

namespace {

RTCConfiguration readConfiguration(napi_env env, napi_value value) {
  RTCConfiguration configuration;
  const Dictionary given(env, value);
  given.read("iceServers", configuration.iceServers);
  given.read("iceTransportPolicy", configuration.iceTransportPolicy);
  given.read("bundlePolicy", configuration.bundlePolicy);
  given.read("rtcpMuxPolicy", configuration.rtcpMuxPolicy);
  given.read("iceCandidatePoolSize", configuration.iceCandidatePoolSize);
  if (const napi_value certificates = given.find("certificates"))
    for (const napi_value each : readArray(env, certificates))
      configuration.certificates.push_back(unwrap<Certificate>(env, each).shared());
  return configuration;
}

}  // namespace

std::span<const napi_property_descriptor> Connection::properties() {
  using Peer = RTCPeerConnection;
  static const napi_property_descriptor kProperties[] = {
      method<Connection, &Connection::createOffer>("createOffer"),
      method<Connection, &Connection::createAnswer>("createAnswer"),
      method<Connection, &Connection::setLocalDescription>("setLocalDescription"),
      method<Connection, &Connection::setRemoteDescription>("setRemoteDescription"),
      method<Connection, &Connection::addIceCandidate>("addIceCandidate"),
      read<Connection, &Peer::localDescription>("localDescription"),
      read<Connection, &Peer::currentLocalDescription>("currentLocalDescription"),
      read<Connection, &Peer::pendingLocalDescription>("pendingLocalDescription"),
      read<Connection, &Peer::remoteDescription>("remoteDescription"),
      read<Connection, &Peer::currentRemoteDescription>("currentRemoteDescription"),
      read<Connection, &Peer::pendingRemoteDescription>("pendingRemoteDescription"),
      read<Connection, &Peer::signalingState>("signalingState"),
      read<Connection, &Peer::iceGatheringState>("iceGatheringState"),
      read<Connection, &Peer::iceConnectionState>("iceConnectionState"),
      read<Connection, &Peer::connectionState>("connectionState"),
      read<Connection, &Peer::canTrickleIceCandidates>("canTrickleIceCandidates"),
      method<Connection, &Connection::sctp>("sctp"),
      read<Connection, &Peer::restartIce>("restartIce"),
      method<Connection, &Connection::getConfiguration>("getConfiguration"),
      method<Connection, &Connection::setConfiguration>("setConfiguration"),
      method<Connection, &Connection::createDataChannel>("createDataChannel"),
      method<Connection, &Connection::close>("close"),
  };
  return kProperties;
}

const void* Connection::kind() {
  static constexpr char kTag = 0;
  return &kTag;
}

Connection::Connection(std::shared_ptr<Environment> environment, RTCConfiguration configuration,
                       Tuning tuning)
    : Wrapped(std::move(environment)),
      connection_(std::make_unique<RTCPeerConnection>(
          this->environment()->engine(), this->environment()->dispatcher(),
          std::move(configuration), std::move(tuning))) {
  this->environment()->opened(this);
  connectEvents();
}

Connection::~Connection() { environment()->ended(this); }

void Connection::connectEvents() {
  const auto simple = [this](const Event& event) { emit(event.type); };
  connection_->onnegotiationneeded = simple;
  connection_->onsignalingstatechange = simple;
  connection_->oniceconnectionstatechange = simple;
  connection_->onicegatheringstatechange = simple;
  connection_->onconnectionstatechange = simple;
  connection_->onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
    emit("icecandidate",
         Object(env()).set("candidate", event.candidate).set("url", event.url).value());
  };
  connection_->onicecandidateerror = [this](const RTCPeerConnectionIceErrorEvent& event) {
    emit("icecandidateerror", Object(env())
                                  .set("address", event.address)
                                  .set("port", event.port)
                                  .set("url", event.url)
                                  .set("errorCode", event.errorCode)
                                  .set("errorText", event.errorText)
                                  .value());
  };
  connection_->ondatachannel = [this](const RTCDataChannelEvent& event) {
    emit("datachannel", wrap<Channel>(environment(), event.channel));
  };
}

void Connection::hold() {
  if (isHeld_ || isClosed_) return;
  isHeld_ = true;
  napi_reference_ref(env(), self_, nullptr);
  environment()->hold();
}

void Connection::release() {
  if (!std::exchange(isHeld_, false)) return;
  napi_reference_unref(env(), self_, nullptr);
  environment()->release();
}

void Connection::shutDown() {
  isClosed_ = true;
  connection_->close();
  release();
}

std::unique_ptr<Promised> Connection::promised(const Arguments& arguments) {
  return std::make_unique<Promised>(environment(), arguments[0], arguments[1], arguments.self());
}

// While the promise is pending it holds the connection; once it is fulfilled the peer can act.
void Connection::followDescription(const Promise<Undefined>& promise, const Arguments& arguments) {
  follow(promise, promised(arguments), [this](Undefined) {
    hold();
    return undefined(env());
  });
}

napi_value Connection::createOffer(const Arguments& arguments) {
  RTCOfferOptions options;
  Dictionary(env(), arguments[2]).read("iceRestart", options.iceRestart);
  follow(connection_->createOffer(options), promised(arguments),
         [env = env()](const RTCSessionDescription& offer) { return toValue(env, offer); });
  return undefined(env());
}

napi_value Connection::createAnswer(const Arguments& arguments) {
  follow(connection_->createAnswer(), promised(arguments),
         [env = env()](const RTCSessionDescription& answer) { return toValue(env, answer); });
  return undefined(env());
}

napi_value Connection::setLocalDescription(const Arguments& arguments) {
  RTCLocalSessionDescriptionInit description;
  const Dictionary given(env(), arguments[2]);
  given.read("type", description.type);
  given.read("sdp", description.sdp);
  followDescription(connection_->setLocalDescription(std::move(description)), arguments);
  return undefined(env());
}

napi_value Connection::setRemoteDescription(const Arguments& arguments) {
  RTCSessionDescriptionInit description;
  const Dictionary given(env(), arguments[2]);
  given.read("type", description.type);
  given.read("sdp", description.sdp);
  followDescription(connection_->setRemoteDescription(std::move(description)), arguments);
  return undefined(env());
}

napi_value Connection::addIceCandidate(const Arguments& arguments) {
  const RTCIceCandidateInit candidate = readCandidateInit(env(), arguments[2]);
  follow(connection_->addIceCandidate(candidate), promised(arguments),
         [env = env()](Undefined) { return undefined(env); });
  return undefined(env());
}

napi_value Connection::sctp(const Arguments&) {
  return wrap<SctpTransport>(environment(), connection_->sctp());
}

napi_value Connection::getConfiguration(const Arguments&) {
  const RTCConfiguration configuration = connection_->getConfiguration();
  napi_value certificates = nullptr;
  check(napi_create_array(env(), &certificates));
  std::uint32_t index = 0;
  for (const auto& each : configuration.certificates)
    check(napi_set_element(env(), certificates, index++, wrap<Certificate>(environment(), each)));
  return Object(env())
      .set("iceServers", configuration.iceServers)
      .set("iceTransportPolicy", configuration.iceTransportPolicy)
      .set("bundlePolicy", configuration.bundlePolicy)
      .set("rtcpMuxPolicy", configuration.rtcpMuxPolicy)
      .set("certificates", certificates)
      .set("iceCandidatePoolSize", configuration.iceCandidatePoolSize)
      .value();
}

napi_value Connection::setConfiguration(const Arguments& arguments) {
  connection_->setConfiguration(readConfiguration(env(), arguments[0]));
  return undefined(env());
}

napi_value Connection::createDataChannel(const Arguments& arguments) {
  return wrap<Channel>(environment(), connection_->createDataChannel(
                                          arguments.text(0), readChannelInit(env(), arguments[1])));
}

napi_value Connection::close(const Arguments& arguments) {
  isClosed_ = true;
  CloseOptions options{.flush = std::chrono::milliseconds(
                           static_cast<std::int64_t>(readNumber(env(), arguments[0])))};
  if (options.flush.count() > 0) options.onFlushed = environment()->heldUntilCalled();
  connection_->close(std::move(options));
  release();
  return undefined(env());
}

napi_value createConnection(const Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto environment = Environment::of(env);
  return instance(*environment,
                  std::make_unique<Connection>(environment, readConfiguration(env, arguments[0]),
                                               readTuning(env, arguments[1])));
}

}  // namespace parley::node
