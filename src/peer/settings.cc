#include "peer/settings.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "parley/certificate.h"
#include "peer/errors.h"
#include "peer/ice_server.h"

namespace parley::peer {
namespace {

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

session::TcpGathering gatheringOf(TcpCandidates candidates) {
  switch (candidates) {
    case TcpCandidates::none:
      return session::TcpGathering::none;
    case TcpCandidates::active:
      return session::TcpGathering::active;
    case TcpCandidates::all:
      return session::TcpGathering::all;
  }
  return session::TcpGathering::none;
}

turn::ProxyConfig proxyOf(const Proxy& proxy) {
  using Kind = turn::ProxyConfig::Kind;
  return {.kind = proxy.kind == Proxy::Kind::http ? Kind::http : Kind::socks5,
          .host = proxy.host,
          .port = proxy.port,
          .username = proxy.username,
          .password = proxy.password};
}

void validate(const Proxy& proxy) {
  constexpr std::size_t kTextMax = 255;  // RFC 1929 2
  const auto isControl = [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  };
  if (proxy.host.empty() || proxy.port == 0) throw typeError("turnProxy needs a host and a port");
  if (proxy.username.empty()) {
    if (!proxy.password.empty()) throw typeError("turnProxy has a password of nobody");
    return;
  }
  if (proxy.kind == Proxy::Kind::socks5) {
    const bool fits = proxy.username.size() <= kTextMax && proxy.password.size() <= kTextMax;
    if (!fits || proxy.password.empty())
      throw typeError("turnProxy: user name and password of SOCKS 5 have 1 to 255 bytes");
  } else if (proxy.username.contains(':') || std::ranges::any_of(proxy.username, isControl) ||
             std::ranges::any_of(proxy.password, isControl)) {
    throw typeError("turnProxy: Basic knows no colon in a user name and no control characters");
  }
}

// Where candidates come from.
void gatherFrom(const Tuning& tuning, session::GatherConfig& gather) {
  gather.portMin = tuning.portMin;
  gather.portMax = tuning.portMax;
  gather.interfaces = tuning.interfaces;
  gather.includeLoopback = tuning.includeLoopback;
  gather.includeLinkLocal = tuning.includeLinkLocal;
  gather.ipv6 = tuning.ipv6;
  if (tuning.addressFilter)
    gather.filter = [filter = tuning.addressFilter](const std::string& interface,
                                                    const IpAddress& address) {
      return filter({interface, address.toString()});
    };
  for (const AddressMapping& mapping : tuning.addressMappings)
    gather.addressMappings.push_back(parse(mapping));
  gather.hideAddresses = tuning.hideAddresses;
  gather.gatherContinually = tuning.gatherContinually;
  gather.tcp = gatheringOf(tuning.tcpCandidates);
  gather.ipv6Relays = tuning.ipv6Relays;
  if (tuning.turnProxy) gather.turnProxy = proxyOf(*tuning.turnProxy);
  gather.authoritiesPem = tuning.turnAuthorities.value_or("");
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
  if (tuning.turnProxy) validate(*tuning.turnProxy);
}

session::Config sessionConfig(const RTCConfiguration& configuration, const Tuning& tuning,
                              std::shared_ptr<const crypto::Identity> identity) {
  session::Config config;
  config.identity = std::move(identity);
  gatherFrom(tuning, config.gather);
  config.gather.relayOnly = configuration.iceTransportPolicy == RTCIceTransportPolicy::relay;
  config.gather.servers = takenApart(configuration.iceServers);
  config.messageMax = tuning.maxMessageSize;
  config.iceLite = tuning.iceLite;
  config.receiveWindow = tuning.receiveWindow;
  config.tail = tuning.tail;
  return config;
}

}  // namespace parley::peer
