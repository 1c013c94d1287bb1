#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley {

class RTCCertificate;
class TcpMux;
class UdpMux;

// webrtc-pc 4.2.
enum class RTCIceTransportPolicy : std::uint8_t { relay, all };
enum class RTCBundlePolicy : std::uint8_t { balanced, maxCompat, maxBundle };
enum class RTCRtcpMuxPolicy : std::uint8_t { require };

struct RTCIceServer {
  std::vector<std::string> urls{};
  std::optional<std::string> username{};
  std::optional<std::string> credential{};
};

// webrtc-pc 4.2.1, and nothing beside it: Parley's own settings are in Tuning.
struct RTCConfiguration {
  std::vector<RTCIceServer> iceServers{};
  RTCIceTransportPolicy iceTransportPolicy = RTCIceTransportPolicy::all;
  RTCBundlePolicy bundlePolicy = RTCBundlePolicy::balanced;
  RTCRtcpMuxPolicy rtcpMuxPolicy = RTCRtcpMuxPolicy::require;
  std::vector<std::shared_ptr<RTCCertificate>> certificates{};
  std::uint8_t iceCandidatePoolSize = 0;
};

struct RTCOfferOptions {
  bool iceRestart = false;
};
struct RTCAnswerOptions {};

// One public address for one private address: host candidates of `local` are announced as
// `external` (a server behind a 1:1 NAT, as in most clouds). Plain numeric addresses.
struct AddressMapping {
  std::string local;
  std::string external;
};

// One address of one interface of this machine that is up, as Tuning::addressFilter is asked.
struct LocalAddress {
  std::string interface;  // its name, as "eth0"
  std::string address;    // numeric
};

// Which TCP candidates there are beside UDP's (RFC 6544).
enum class TcpCandidates : std::uint8_t {
  none,
  active,  // connects where the peer listens; costs nothing until it does, and tells nothing
  all,     // listens as well, and tells all of them
};

// Through which connections to TURN servers over TCP and TLS are made.
struct Proxy {
  enum class Kind : std::uint8_t { http, socks5 };  // RFC 9110 9.3.6 CONNECT; RFC 1928

  Kind kind = Kind::http;
  std::string host;  // a name or a numeric address
  std::uint16_t port = 0;
  std::string username{};  // empty: no authentication; else Basic (RFC 7617), or RFC 1929
  std::string password{};

  friend bool operator==(const Proxy&, const Proxy&) = default;
};

// What W3C leaves to the implementation, per connection. The defaults are right for most.
struct Tuning {
  // UDP ports host candidates may use, inclusive; 0 and 0: whatever the system gives.
  std::uint16_t portMin = 0;
  std::uint16_t portMax = 0;

  // Host candidates on the sockets of this mux (parley/udp_mux.h), in place of sockets of their
  // own; ports and interfaces are then the mux's. Looked at when the connection is made.
  const UdpMux* udpMux = nullptr;

  // With a udpMux there are none but those of a tcpMux.
  TcpCandidates tcpCandidates = TcpCandidates::active;
  // Passive TCP candidates on the listeners of this mux (parley/tcp_mux.h), in place of listeners
  // of their own, unless tcpCandidates is none. Looked at when the connection is made.
  const TcpMux* tcpMux = nullptr;

  // Names of the network interfaces to gather on ("eth0"); empty: all that are up.
  std::vector<std::string> interfaces{};
  bool includeLoopback = false;
  bool includeLinkLocal = false;
  bool ipv6 = true;
  // Asked of every address that the settings above leave; false: it is not used and not told of.
  // It runs on the loop's thread, must not throw and must not touch a connection.
  std::function<bool(const LocalAddress&)> addressFilter{};
  std::vector<AddressMapping> addressMappings{};
  // Host candidates are told as "<uuid>.local" names, which this machine answers for by multicast
  // DNS, and no candidate shows a local address (draft-ietf-mmusic-mdns-ice-candidates).
  bool hideAddresses = false;
  // New candidates are gathered when an interface comes or changes its address, and those of one
  // that is gone are given up.
  bool gatherContinually = true;

  // ICE-lite (RFC 8445 2.5): host candidates only, no checks of our own. For servers whose
  // addresses every peer can reach.
  bool iceLite = false;

  // Relayed candidates of IPv6 are asked for besides those of IPv4 (RFC 8656 7.1).
  bool ipv6Relays = false;

  // The way to TURN servers over TCP and TLS, whose names the proxy looks up. What goes by UDP,
  // STUN and TURN over UDP and DTLS, goes past it.
  std::optional<Proxy> turnProxy{};
  // Certificates of authorities (PEM) that TURN servers over TLS and DTLS are judged by; absent:
  // those that the system trusts.
  std::optional<std::string> turnAuthorities{};

  // Largest message we announce to receive, in bytes; at most 64 MiB.
  std::size_t maxMessageSize = 262'144;
  // Bytes the peer may have sent us that the application has not taken yet.
  std::size_t receiveWindow = 5u << 20;
  // send() throws OperationError beyond these, in bytes.
  std::size_t sendBufferPerChannel = 16u << 20;
  std::size_t sendBufferPerConnection = 64u << 20;

  // How long the loop goes on telling the peer of a closed connection (docs: close and its tail).
  std::chrono::milliseconds tail{8'000};
};

}  // namespace parley
