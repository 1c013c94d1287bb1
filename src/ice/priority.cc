#include "ice/priority.h"

#include <algorithm>
#include <charconv>

#include "core/bytes.h"

namespace parley::ice {
namespace {

// RFC 8445 5.1.2.2 recommends these; RFC 6544 4.2 asks for TCP to stand below UDP of the same
// type.
unsigned typePreference(CandidateType type) {
  switch (type) {
    case CandidateType::host:
      return 126;
    case CandidateType::peerReflexive:
      return 110;
    case CandidateType::serverReflexive:
      return 100;
    case CandidateType::relayed:
      return 0;
  }
  return 0;
}

unsigned typePreference(CandidateType type, Protocol protocol) {
  constexpr unsigned kTcpBelowUdp = 36;
  const unsigned preference = typePreference(type);
  return protocol == Protocol::tcp ? preference - std::min(preference, kTcpBelowUdp) : preference;
}

std::uint64_t mix(std::uint64_t hash, Bytes bytes) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100'0000'01b3;
  return (hash ^ hash >> 29) * 0xff51'afd7'ed55'8ccd;
}

std::uint64_t mixNumber(std::uint64_t hash, std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes;
  std::memcpy(bytes.data(), &number, bytes.size());
  return mix(hash, bytes);
}

bool isV6LinkLocal(const IpAddress& ip) { return ip.isV6() && ip.isLinkLocal(); }

IpAddress withoutZone(const IpAddress& ip) {
  if (ip.scope() == 0) return ip;
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(ip.bytes(), bytes.begin());
  return IpAddress::v6(bytes);
}

}  // namespace

std::uint32_t candidatePriority(CandidateType type, Protocol protocol,
                                std::uint16_t localPreference, std::uint16_t component) {
  return typePreference(type, protocol) << 24 | static_cast<std::uint32_t>(localPreference) << 8 |
         ((256u - component) & 0xff);
}

std::uint32_t candidatePriority(CandidateType type, std::uint16_t localPreference,
                                std::uint16_t component) {
  return candidatePriority(type, Protocol::udp, localPreference, component);
}

std::uint16_t localPreference(IpAddress::Family family, unsigned interfaceRank) {
  const unsigned below = 2 * std::min(interfaceRank, 32'000u);
  return static_cast<std::uint16_t>(65'535u - below - (family == IpAddress::Family::v4 ? 1u : 0u));
}

std::uint16_t localPreference(TcpType type, IpAddress::Family family, unsigned interfaceRank) {
  constexpr unsigned kOthers = 1u << 13;
  const unsigned direction = type == TcpType::active ? 6 : type == TcpType::passive ? 4 : 2;
  const unsigned below =
      2 * std::min(interfaceRank, 4'000u) + (family == IpAddress::Family::v4 ? 1u : 0u);
  return static_cast<std::uint16_t>(kOthers * direction + (kOthers - 1 - below));
}

std::string candidateFoundation(CandidateType type, const IpAddress& base, Protocol protocol,
                                const std::optional<IpAddress>& server, std::uint64_t salt) {
  std::uint64_t hash = mixNumber(0xcbf2'9ce4'8422'2325, salt);
  hash =
      mixNumber(hash, static_cast<std::uint64_t>(type) << 8 | static_cast<std::uint64_t>(protocol));
  hash = mix(hash, base.bytes());
  if (server) hash = mix(hash, server->bytes());
  char digits[12];
  const auto number = static_cast<std::uint32_t>(mixNumber(hash, salt) >> 32);
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return {digits, end};
}

std::uint64_t pairPriority(Role role, std::uint32_t local, std::uint32_t remote) {
  const std::uint64_t controlling = role == Role::controlling ? local : remote;
  const std::uint64_t controlled = role == Role::controlling ? remote : local;
  return (std::min(controlling, controlled) << 32) + 2 * std::max(controlling, controlled) +
         (controlling > controlled ? 1 : 0);
}

std::uint32_t peerReflexivePriority(Protocol protocol, std::uint32_t basePriority) {
  return typePreference(CandidateType::peerReflexive, protocol) << 24 |
         (basePriority & 0x00ff'ffff);
}

bool canPair(const Candidate& base, const Candidate& remote) {
  if (base.protocol != remote.protocol || base.component != remote.component) return false;
  if (base.address.ip.family() != remote.address.ip.family()) return false;
  if (isV6LinkLocal(base.address.ip) != isV6LinkLocal(remote.address.ip)) return false;
  // A TURN server must not learn what the name hides (draft-ietf-mmusic-mdns-ice-candidates 3.3.2).
  if (base.type == CandidateType::relayed && !remote.hostname.empty()) return false;
  if (base.protocol == Protocol::udp) return true;
  switch (base.tcpType) {
    case TcpType::active:
      return remote.tcpType == TcpType::passive;
    case TcpType::simultaneousOpen:
      return remote.tcpType == TcpType::simultaneousOpen;
    case TcpType::none:
      return base.type == CandidateType::relayed;
    case TcpType::passive:
      return false;  // RFC 6544 6.2: it waits to be connected to
  }
  return false;
}

std::uint64_t pairFoundation(const Candidate& local, const Candidate& remote) {
  const std::uint64_t hash = mix(0x8422'2325'cbf2'9ce4, bytesOf(local.foundation));
  return mix(mixNumber(hash, 0), bytesOf(remote.foundation));
}

bool isSendable(const Address& address) {
  return address.port != 0 && !address.ip.isUnspecified() && !address.ip.isMulticast() &&
         !address.ip.isV4Mapped();
}

bool sameWithoutZone(const Address& a, const Address& b) {
  return a.port == b.port && withoutZone(a.ip) == withoutZone(b.ip);
}

Address withZoneOf(const Address& remote, const IpAddress& local) {
  if (!isV6LinkLocal(remote.ip) || local.scope() == 0) return remote;
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(remote.ip.bytes(), bytes.begin());
  return {IpAddress::v6(bytes, local.scope()), remote.port};
}

}  // namespace parley::ice
