#include "peer/settings.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "parley/certificate.h"
#include "peer/errors.h"
#include "peer/ice_server.h"

namespace parley::peer {
namespace {

// A public header cannot name the limits; its defaults are them all the same.
static_assert(Tuning{}.maxMessageSize == limits::sctp::kMessageMax);
static_assert(Tuning{}.receiveWindow == limits::sctp::kReceiveWindow);
static_assert(Tuning{}.sendBufferPerChannel == limits::channel::kSendBufferPerChannel);
static_assert(Tuning{}.sendBufferPerConnection == limits::channel::kSendBufferPerConnection);
static_assert(Tuning{}.tail == limits::loop::kTail);

bool isSame(const RTCIceServer& a, const RTCIceServer& b) {
  return a.urls == b.urls && a.username == b.username && a.credential == b.credential;
}

std::pair<IpAddress, IpAddress> parse(const AddressMapping& mapping) {
  const auto local = IpAddress::parse(mapping.local);
  const auto external = IpAddress::parse(mapping.external);
  if (!local || !external || local->family() != external->family())
    throw typeError("an address mapping needs two addresses of one family");
  return {*local, *external};
}

}  // namespace

RTCConfiguration validated(RTCConfiguration configuration) {
  auto& servers = configuration.iceServers;
  if (servers.size() > limits::ice::kServers) servers.resize(limits::ice::kServers);
  for (const RTCIceServer& server : servers) validate(server);
  return configuration;
}

void requireUnexpired(const RTCConfiguration& configuration, std::int64_t wallMicros) {
  for (const auto& certificate : configuration.certificates) {
    if (!certificate) throw typeError("a certificate is null");
    if (certificate->identity()->isExpired(wallMicros))
      throw invalidAccess("a certificate has expired");
  }
}

void requireModifiable(const RTCConfiguration& from, const RTCConfiguration& to,
                       bool localDescriptionWasSet) {
  if (from.certificates != to.certificates)
    throw invalidModification("certificates cannot be changed");
  if (from.bundlePolicy != to.bundlePolicy)
    throw invalidModification("bundlePolicy cannot be changed");
  if (from.rtcpMuxPolicy != to.rtcpMuxPolicy)
    throw invalidModification("rtcpMuxPolicy cannot be changed");
  if (from.iceCandidatePoolSize != to.iceCandidatePoolSize && localDescriptionWasSet)
    throw invalidModification("iceCandidatePoolSize cannot be changed after setLocalDescription");
}

bool needsIceRestart(const RTCConfiguration& from, const RTCConfiguration& to) {
  return from.iceTransportPolicy != to.iceTransportPolicy ||
         !std::ranges::equal(from.iceServers, to.iceServers, isSame);
}

void validate(const Tuning& tuning) {
  if (tuning.portMin > tuning.portMax) throw typeError("portMin is greater than portMax");
  if (tuning.maxMessageSize == 0 || tuning.maxMessageSize > limits::sctp::kMessageMaxConfigurable)
    throw typeError("maxMessageSize must be 1 byte to 64 MiB");
  if (tuning.tail.count() < 0) throw typeError("tail is negative");
  for (const AddressMapping& mapping : tuning.addressMappings) parse(mapping);
}

session::Config sessionConfig(const RTCConfiguration& configuration, const Tuning& tuning,
                              std::shared_ptr<const crypto::Identity> identity) {
  session::Config config;
  config.identity = std::move(identity);
  config.gather.portMin = tuning.portMin;
  config.gather.portMax = tuning.portMax;
  config.gather.interfaces = tuning.interfaces;
  config.gather.includeLoopback = tuning.includeLoopback;
  config.gather.includeLinkLocal = tuning.includeLinkLocal;
  config.gather.ipv6 = tuning.ipv6;
  config.gather.relayOnly = configuration.iceTransportPolicy == RTCIceTransportPolicy::relay;
  config.gather.authoritiesPem = tuning.turnAuthorities.value_or("");
  config.gather.servers = takenApart(configuration.iceServers);
  for (const AddressMapping& mapping : tuning.addressMappings)
    config.gather.addressMappings.push_back(parse(mapping));
  config.messageMax = tuning.maxMessageSize;
  config.receiveWindow = tuning.receiveWindow;
  config.tail = tuning.tail;
  return config;
}

}  // namespace parley::peer
