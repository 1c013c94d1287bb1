#include "values.h"

namespace parley::node {

napi_value toValue(napi_env env, const RTCSessionDescription& description) {
  return Object(env).set("type", description.type).set("sdp", description.sdp).value();
}

napi_value toValue(napi_env env, const RTCIceCandidate& candidate) {
  return Object(env)
      .set("candidate", candidate.candidate())
      .set("sdpMid", candidate.sdpMid())
      .set("sdpMLineIndex", candidate.sdpMLineIndex())
      .set("usernameFragment", candidate.usernameFragment())
      .set("foundation", candidate.foundation())
      .set("component", candidate.component())
      .set("priority", candidate.priority())
      .set("address", candidate.address())
      .set("protocol", candidate.protocol())
      .set("port", candidate.port())
      .set("type", candidate.type())
      .set("tcpType", candidate.tcpType())
      .set("relatedAddress", candidate.relatedAddress())
      .set("relatedPort", candidate.relatedPort())
      .set("relayProtocol", candidate.relayProtocol())
      .set("url", candidate.url())
      .value();
}

napi_value toValue(napi_env env, const RTCIceCandidatePair& pair) {
  return Object(env).set("local", pair.local).set("remote", pair.remote).value();
}

napi_value toValue(napi_env env, const RTCIceParameters& parameters) {
  return Object(env)
      .set("usernameFragment", parameters.usernameFragment)
      .set("password", parameters.password)
      .value();
}

napi_value toValue(napi_env env, const RTCIceServer& server) {
  Object result(env);
  result.set("urls", server.urls);
  if (server.username) result.set("username", *server.username);
  if (server.credential) result.set("credential", *server.credential);
  return result.value();
}

napi_value toValue(napi_env env, const RTCDtlsFingerprint& fingerprint) {
  return Object(env)
      .set("algorithm", fingerprint.algorithm)
      .set("value", fingerprint.value)
      .value();
}

napi_value toValue(napi_env env, const MessageData& data) {
  return std::visit([env](const auto& body) { return toValue(env, body); }, data);
}

napi_value toValue(napi_env env, const ReleaseReport& report) {
  return Object(env)
      .set("connections", report.connections)
      .set("tails", report.tails)
      .set("sockets", report.sockets)
      .set("timers", report.timers)
      .set("transactions", report.transactions)
      .set("packets", report.packets)
      .set("lookups", report.lookups)
      .set("tasks", report.tasks)
      .set("allocations", report.allocations)
      .set("permissions", report.permissions)
      .set("turnChannels", report.turnChannels)
      .set("namesPublished", report.namesPublished)
      .value();
}

void Dictionary::assign(napi_value value, RTCIceServer& target) const {
  const Dictionary server(env_, value);
  server.read("urls", target.urls);
  server.read("username", target.username);
  server.read("credential", target.credential);
}

void Dictionary::assign(napi_value value, AddressMapping& target) const {
  const Dictionary mapping(env_, value);
  mapping.read("local", target.local);
  mapping.read("external", target.external);
}

void Dictionary::assign(napi_value value, Proxy& target) const {
  const Dictionary proxy(env_, value);
  proxy.read("kind", target.kind);
  proxy.read("host", target.host);
  proxy.read("port", target.port);
  proxy.read("username", target.username);
  proxy.read("password", target.password);
}

Tuning readTuning(napi_env env, napi_value value) {
  Tuning tuning;
  const Dictionary given(env, value);
  given.read("portMin", tuning.portMin);
  given.read("portMax", tuning.portMax);
  given.read("interfaces", tuning.interfaces);
  given.read("includeLoopback", tuning.includeLoopback);
  given.read("includeLinkLocal", tuning.includeLinkLocal);
  given.read("ipv6", tuning.ipv6);
  given.read("addressMappings", tuning.addressMappings);
  given.read("tcpCandidates", tuning.tcpCandidates);
  given.read("turnProxy", tuning.turnProxy);
  given.read("maxMessageSize", tuning.maxMessageSize);
  given.read("receiveWindow", tuning.receiveWindow);
  given.read("sendBufferPerChannel", tuning.sendBufferPerChannel);
  given.read("sendBufferPerConnection", tuning.sendBufferPerConnection);
  given.read("tail", tuning.tail);
  return tuning;
}

RTCDataChannelInit readChannelInit(napi_env env, napi_value value) {
  RTCDataChannelInit init;
  const Dictionary given(env, value);
  given.read("ordered", init.ordered);
  given.read("maxPacketLifeTime", init.maxPacketLifeTime);
  given.read("maxRetransmits", init.maxRetransmits);
  given.read("protocol", init.protocol);
  given.read("negotiated", init.negotiated);
  given.read("id", init.id);
  given.read("priority", init.priority);
  return init;
}

RTCLocalIceCandidateInit readCandidateInit(napi_env env, napi_value value) {
  RTCLocalIceCandidateInit init;
  const Dictionary given(env, value);
  given.read("candidate", init.candidate);
  given.read("sdpMid", init.sdpMid);
  given.read("sdpMLineIndex", init.sdpMLineIndex);
  given.read("usernameFragment", init.usernameFragment);
  given.read("relayProtocol", init.relayProtocol);
  given.read("url", init.url);
  return init;
}

}  // namespace parley::node
