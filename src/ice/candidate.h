#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/result.h"

namespace parley::ice {

enum class CandidateType : std::uint8_t { host, serverReflexive, peerReflexive, relayed };
enum class Protocol : std::uint8_t { udp, tcp };
enum class TcpType : std::uint8_t { none, active, passive, simultaneousOpen };  // RFC 6544

std::string_view wireName(CandidateType type);  // "host", "srflx", "prflx", "relay"
std::string_view wireName(TcpType type);        // "active", "passive", "so"; "" for none

// One transport address at which an agent may be reached, as it stands in signalling. A plain
// value: it knows no sockets and no agent. The address may be a name instead (mDNS); somebody
// else resolves that, fills in address.ip and keeps the name.
struct Candidate {
  std::string foundation;       // 1..32 ice-char; empty: ice::Agent computes it
  std::uint16_t component = 1;  // 1: RTP and everything multiplexed; 2: RTCP
  Protocol protocol = Protocol::udp;
  std::uint32_t priority = 0;  // 0: ice::Agent computes it
  Address address;
  std::string hostname;  // "….local" or a domain name; address.ip is unset meanwhile
  CandidateType type = CandidateType::host;
  std::optional<Address> related;  // raddr and rport
  TcpType tcpType = TcpType::none;
  std::string usernameFragment;  // the "ufrag" extension
  std::optional<std::uint32_t> generation;
  std::optional<std::uint16_t> networkId;
  std::optional<std::uint16_t> networkCost;  // 0 (free) .. 999

  // The value of a candidate attribute (RFC 8839 5.1), with or without "a=" before "candidate:".
  // Unknown extensions are skipped; an IPv6 zone is ignored. Unknown transports and types are
  // `unsupported`, which callers treat as "ignore this line" (RFC 8839 5.1).
  static Result<Candidate, ParseError> parse(std::string_view text);
  std::string toString() const;  // "candidate:…"

  bool needsResolution() const { return !hostname.empty() && address.ip.isUnspecified(); }

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// RFC 8445 5.1.2.1.
std::uint32_t candidatePriority(CandidateType type, std::uint16_t localPreference,
                                std::uint16_t component);
// The same with a lower type preference for TCP (RFC 6544 4.2).
std::uint32_t candidatePriority(CandidateType type, Protocol protocol,
                                std::uint16_t localPreference, std::uint16_t component);

// Interleaves IPv6 and IPv4 of interfaces ranked from best (0) on: RFC 8421 4.
std::uint16_t localPreference(IpAddress::Family family, unsigned interfaceRank);

// Of TCP candidates that are host or relayed ones (RFC 6544 4.2): the direction stands above all
// else, active before passive before simultaneous-open.
std::uint16_t localPreference(TcpType type, IpAddress::Family family, unsigned interfaceRank);

// Equal exactly for candidates of the same type, base address, protocol and server (RFC 8445
// 5.1.1.3). The salt, one per peer, keeps the base address from being guessed back.
std::string candidateFoundation(CandidateType type, const IpAddress& base, Protocol protocol,
                                const std::optional<IpAddress>& server, std::uint64_t salt);

}  // namespace parley::ice
