#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/random.h"

// Numbers of STUN (RFC 8489), of ICE's use of it (RFC 8445), of TURN (RFC 8656, RFC 6062) and of
// behaviour discovery, as IANA lists them.

namespace parley::stun {

inline constexpr std::uint32_t kMagicCookie = 0x2112'a442;
inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::uint32_t kFingerprintXor = 0x5354'554e;

enum class Class : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

enum class Method : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  createPermission = 0x008,
  channelBind = 0x009,
  connect = 0x00a,            // RFC 6062
  connectionBind = 0x00b,     // RFC 6062
  connectionAttempt = 0x00c,  // RFC 6062
};

enum class Attribute : std::uint16_t {
  mappedAddress = 0x0001,
  username = 0x0006,
  messageIntegrity = 0x0008,
  errorCode = 0x0009,
  unknownAttributes = 0x000a,
  channelNumber = 0x000c,
  lifetime = 0x000d,
  xorPeerAddress = 0x0012,
  data = 0x0013,
  realm = 0x0014,
  nonce = 0x0015,
  xorRelayedAddress = 0x0016,
  requestedAddressFamily = 0x0017,
  evenPort = 0x0018,
  requestedTransport = 0x0019,
  dontFragment = 0x001a,
  accessToken = 0x001b,
  messageIntegritySha256 = 0x001c,
  passwordAlgorithm = 0x001d,
  userhash = 0x001e,
  xorMappedAddress = 0x0020,
  reservationToken = 0x0022,
  priority = 0x0024,
  useCandidate = 0x0025,
  connectionId = 0x002a,
  additionalAddressFamily = 0x8000,
  addressErrorCode = 0x8001,
  passwordAlgorithms = 0x8002,
  alternateDomain = 0x8003,
  icmp = 0x8004,
  software = 0x8022,
  alternateServer = 0x8023,
  transactionTransmitCounter = 0x8025,  // RFC 7982
  fingerprint = 0x8028,
  iceControlled = 0x8029,
  iceControlling = 0x802a,
  responseOrigin = 0x802b,
  otherAddress = 0x802c,
  nomination = 0xc001,  // draft-thatcher-ice-renomination
};

constexpr bool isComprehensionRequired(std::uint16_t attribute) { return attribute < 0x8000; }

enum class ErrorCode : std::uint16_t {
  tryAlternate = 300,
  badRequest = 400,
  unauthenticated = 401,
  forbidden = 403,
  unknownAttribute = 420,
  allocationMismatch = 437,
  staleNonce = 438,
  addressFamilyNotSupported = 440,
  wrongCredentials = 441,
  unsupportedTransport = 442,
  peerAddressFamilyMismatch = 443,
  connectionAlreadyExists = 446,
  connectionTimeoutOrFailure = 447,
  allocationQuotaReached = 486,
  roleConflict = 487,
  serverError = 500,
  insufficientCapacity = 508,
};

// What REQUESTED-ADDRESS-FAMILY and its like say (RFC 8656 18.6).
enum class AddressFamily : std::uint8_t { v4 = 1, v6 = 2 };

// REQUESTED-TRANSPORT: protocol numbers of IP (RFC 8656 18.7).
inline constexpr std::uint8_t kTransportUdp = 17;

enum class PasswordAlgorithm : std::uint16_t { md5 = 1, sha256 = 2 };

// 96 bits that nobody can guess; with the address asked, what makes an answer ours.
using TransactionId = std::array<std::uint8_t, 12>;

inline TransactionId newTransactionId(Secrets& secrets) {
  TransactionId id;
  secrets.fill(id);
  return id;
}

}  // namespace parley::stun
